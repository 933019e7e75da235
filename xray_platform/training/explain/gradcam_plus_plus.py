"""Grad-CAM++: Grad-CAM whose weights count places by how much they, one by one, raise the logit.

Chattopadhyay et al., WACV 2018. Where a finding is there twice, Grad-CAM's mean over all places makes the smaller one
faint. The factor exp(logit) of the paper is left out: it is one number a picture, and with it maps of different
pictures could not be compared.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch's own documents use
from torch import Tensor

from xray_platform.networks.contract import ExplainableModule
from xray_platform.training.explain.gradcam import abnormal_logit


def gradcam_plus_plus(
    network: ExplainableModule, images: Tensor, wanted: Callable[[Tensor], Tensor] = abnormal_logit
) -> Tensor:
    """Return maps (N, S, S) of the evidence for what is wanted, at least 0, for pictures (N, 1, S, S)."""
    with torch.enable_grad():
        features = network.features(images).detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(wanted(network.head(features)).sum(), features)
    maps = features.detach()
    below = 2 * slope**2 + maps.sum(dim=(2, 3), keepdim=True) * slope**3
    share = torch.where(below != 0, slope**2 / torch.where(below != 0, below, 1.0), 0.0)
    places = maps.shape[2] * maps.shape[3]
    weights = (share * torch.relu(slope)).sum(dim=(2, 3), keepdim=True) * places
    evidence = torch.relu((weights * maps).sum(dim=1, keepdim=True))
    return F.interpolate(evidence, size=images.shape[2:], mode="bilinear", align_corners=False)[:, 0]
