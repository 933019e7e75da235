"""Attention map: how an attention network itself weighs the places, in the last of its stages that does."""

from collections.abc import Callable
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch's own documents use
from torch import Tensor, nn

from xray_platform.errors import InputError
from xray_platform.networks.attention import SpatialAttention
from xray_platform.networks.contract import ExplainableModule
from xray_platform.networks.members import NetworkMembers
from xray_platform.training.explain.gradcam import abnormal_logit


def attention_map(
    network: ExplainableModule, images: Tensor, _wanted: Callable[[Tensor], Tensor] = abnormal_logit
) -> Tensor:
    """Return the weights of the places, (N, S, S) between 0 and 1, for pictures (N, 1, S, S).

    They are not made for an answer: what is looked at may speak for or against it. Raises InputError for a network
    without attention over places.
    """
    module = cast("nn.Module", network)
    members = [cast("nn.Module", one) for one in module.each()] if isinstance(module, NetworkMembers) else [module]
    seen = torch.stack([_of_one(member, images) for member in members]).mean(dim=0)
    return F.interpolate(seen, size=images.shape[2:], mode="bilinear", align_corners=False)[:, 0]


def spatial_attention(network: nn.Module) -> SpatialAttention | None:
    """Return the last attention over places of a network; None where it has none."""
    found = [module for module in network.modules() if isinstance(module, SpatialAttention)]
    return found[-1] if found else None


def _of_one(network: nn.Module, images: Tensor) -> Tensor:
    attends, seen = spatial_attention(network), list[Tensor]()
    if attends is None:
        raise InputError("this network has no attention over places; choose another heat map, such as grad_cam")

    def keep(_module: nn.Module, _inputs: Any, weights: Tensor) -> None:
        seen.append(torch.sigmoid(weights))

    hook = attends.look.register_forward_hook(keep)
    try:
        with torch.no_grad():
            cast("ExplainableModule", network).features(images)
    finally:
        hook.remove()
    return seen[0]
