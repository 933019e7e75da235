"""Losses: how far a network's logits are from the labels, one number a picture."""

import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch's own documents use
from torch import Tensor

from xray_platform.training.training_settings import TrainingSettings


def losses(logits: Tensor, targets: Tensor, settings: TrainingSettings) -> Tensor:
    """Return the loss of each picture, (N,), of its logit and its target in [0, 1].

    `cross_entropy`: that of the target, moved by `label_smoothing` towards a half. `focal` (Lin et al., ICCV 2017)
    multiplies it by the distance of probability and target, to the power of `focal_gamma`. `asymmetric` counts the
    abnormal part of the target `miss_cost` times.
    """
    smoothed = targets * (1 - 2 * settings.label_smoothing) + settings.label_smoothing
    plain = F.binary_cross_entropy_with_logits(logits, smoothed, reduction="none")
    if settings.loss == "focal":
        return plain * (torch.sigmoid(logits) - smoothed).abs() ** settings.focal_gamma
    if settings.loss == "asymmetric":
        return plain * (1 + (settings.miss_cost - 1) * targets)
    return plain
