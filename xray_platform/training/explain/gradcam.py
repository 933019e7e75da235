"""Grad-CAM: where a network looked (Selvaraju et al., ICCV 2017).

Own, because MONAI's version stretches every map to [0, 1] on its own: a normal picture then glows like an abnormal one.
"""

from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch's own documents use
from torch import Tensor

from xray_platform.networks.contract import ExplainableModule

Target = Literal["abnormal", "label", "findings"]


def abnormal_logit(logits: Tensor, target: Target = "abnormal") -> Tensor:
    """Return the logit of being abnormal, (N,), of a network's outputs (N,) or (N, K) with normal first."""
    if target == "abnormal":
        return logits
    return -logits[:, 0] if target == "findings" else torch.logsumexp(logits[:, 1:], dim=1) - logits[:, 0]


def gradcam(network: ExplainableModule, images: Tensor, wanted: Callable[[Tensor], Tensor] = abnormal_logit) -> Tensor:
    """Return maps (N, S, S) of the evidence for abnormal, at least 0, in logits, for pictures (N, 1, S, S).

    `wanted` says of what of the outputs, another class for example.
    A value is the share that its place has in the logit (times the number of places), so maps of different pictures
    can be compared.
    """
    with torch.enable_grad():
        features = network.features(images).detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(wanted(network.head(features)).sum(), features)
    places = features.shape[2] * features.shape[3]
    weights = slope.mean(dim=(2, 3), keepdim=True) * places
    evidence = torch.relu((weights * features.detach()).sum(dim=1, keepdim=True))
    return F.interpolate(evidence, size=images.shape[2:], mode="bilinear", align_corners=False)[:, 0]
