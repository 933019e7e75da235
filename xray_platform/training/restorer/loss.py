"""Loss: how far restored pictures are from clean ones, in level and in structure."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d


def restoring_loss(restored: Tensor, clean: Tensor, inside: Tensor, ssim_weight: float) -> Tensor:
    """Return mean error plus structural dissimilarity (N, 1, h, w; 0 to 1) of what lies inside the picture.

    The error is Charbonnier's: square for small, linear for large differences.
    """
    restored = torch.where(inside > 0, restored, clean)
    share = inside.mean().clamp_min(1e-3)
    error = torch.sqrt((restored - clean) ** 2 + 1e-3**2).mean() + 4 * ((restored - clean) ** 2).mean()
    return torch.add(error / share, (1 - ssim(restored, clean)) / share, alpha=ssim_weight)


def ssim(one: Tensor, other: Tensor) -> Tensor:
    """Return the mean structural similarity of pictures (N, 1, h, w; 0 to 1), 7 x 7 windows (Wang et al. 2004)."""
    mean_one, mean_other = avg_pool2d(one, 7, 1), avg_pool2d(other, 7, 1)
    power_one = avg_pool2d(one**2, 7, 1) - mean_one**2
    power_other = avg_pool2d(other**2, 7, 1) - mean_other**2
    shared = avg_pool2d(one * other, 7, 1) - mean_one * mean_other
    light = (2 * mean_one * mean_other + 0.01**2) / (mean_one**2 + mean_other**2 + 0.01**2)
    form = (2 * shared + 0.03**2) / (power_one + power_other + 0.03**2)
    return (light * form).mean()
