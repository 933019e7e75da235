"""Losses: how far a network's logits are from the labels, one number a picture, or a picture and finding."""

import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch's own documents use
from torch import Tensor

from xray_platform.training.training_settings import TrainingSettings


def losses(logits: Tensor, targets: Tensor, settings: TrainingSettings) -> Tensor:
    """Return the loss of each picture, (N,), of logits and targets in [0, 1]: (N,), or (N, K) of classes, normal first.

    Of `findings`, which are told one by one, it is (N, K). `cross_entropy`: that of the target, moved by
    `label_smoothing` towards saying nothing. `focal` (Lin et al., ICCV 2017) multiplies it by the distance of
    probability and target, to the power of `focal_gamma`. `asymmetric` counts what is abnormal `miss_cost` times.
    """
    if settings.target == "label":
        return _of_label(logits, class_shares(targets), settings)
    smoothed = targets * (1 - 2 * settings.label_smoothing) + settings.label_smoothing
    plain = F.binary_cross_entropy_with_logits(logits, smoothed, reduction="none")
    if settings.loss == "focal":
        return plain * (torch.sigmoid(logits) - smoothed).abs() ** settings.focal_gamma
    if settings.loss == "asymmetric":
        abnormal = targets if targets.ndim == 1 else torch.cat([torch.zeros_like(targets[:, :1]), targets[:, 1:]], 1)
        return plain * (1 + (settings.miss_cost - 1) * abnormal)
    return plain


def class_shares(targets: Tensor) -> Tensor:
    """Return targets (N, K) so that those of a picture sum to 1."""
    return targets / targets.sum(dim=1, keepdim=True).clamp(min=1)


def _of_label(logits: Tensor, shares: Tensor, settings: TrainingSettings) -> Tensor:
    smoothed = shares * (1 - settings.label_smoothing) + settings.label_smoothing / shares.shape[1]
    plain = -(smoothed * F.log_softmax(logits, dim=1)).sum(dim=1)
    if settings.loss == "focal":
        return plain * (1 - (torch.softmax(logits, dim=1) * shares).sum(dim=1)) ** settings.focal_gamma
    if settings.loss == "asymmetric":
        return plain * (1 + (settings.miss_cost - 1) * (1 - shares[:, 0]))
    return plain
