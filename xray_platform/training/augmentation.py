"""Augmentation: small changes that a chest may have without changing its label; never a horizontal flip.

All that is random is in `sample`, the change in `apply`: the same values give the same pictures.
A flip would teach that the heart may lie on either side. Height and width are stretched apart because archives that
squeeze pictures into squares let a network learn the frame's shape in place of the lung.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch's own documents use
from torch import Generator, Tensor

from xray_platform.training.augmentation_settings import AugmentationSettings


@dataclass(frozen=True)
class Changes:
    """What is done to each of N pictures: `affine` (N, 2, 3), `gain`, `offset` and `noise_sd` (N, 1, 1, 1), `noise`."""

    affine: Tensor
    gain: Tensor
    offset: Tensor
    noise_sd: Tensor
    noise: Tensor


def sample(images: Tensor, settings: AugmentationSettings, generator: Generator) -> Changes:
    """Draw changes for pictures (N, 1, S, S); the noise is on their device, the draw itself on the CPU."""
    count = len(images)

    def spread(most: float) -> Tensor:
        return (torch.rand(count, generator=generator) * 2 - 1) * most

    turn = spread(math.radians(settings.rotation_degrees))
    zoom, stretch = torch.exp(spread(math.log1p(settings.scale))), torch.exp(spread(math.log1p(settings.stretch)) / 2)
    affine = _affine(turn, zoom * stretch, zoom / stretch, 2 * spread(settings.shift), 2 * spread(settings.shift))
    gain, offset = 1 + spread(settings.contrast), spread(settings.brightness)
    noise_sd = torch.rand(count, generator=generator) * settings.noise
    noise = torch.randn(images.shape, generator=generator) if settings.noise > 0 else torch.zeros(1)
    gain, offset, noise_sd = (value.view(-1, 1, 1, 1).to(images.device) for value in (gain, offset, noise_sd))
    return Changes(affine.to(images.device), gain, offset, noise_sd, noise.to(images.device))


def _affine(turn: Tensor, height: Tensor, width: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Return (N, 2, 3): where in the old picture each place of the new one is read, in units of half a side."""
    cosine, sine = torch.cos(turn), torch.sin(turn)
    rows = [cosine / width, -sine / height, right, sine / width, cosine / height, down]
    return torch.stack(rows, dim=1).view(-1, 2, 3)


def apply(images: Tensor, changes: Changes) -> Tensor:
    """Return pictures (N, 1, S, S) in [0, 1], moved, then darkened or lightened, then made noisy."""
    grid = F.affine_grid(changes.affine, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    mean = moved.mean(dim=(1, 2, 3), keepdim=True)
    toned = (moved - mean) * changes.gain + mean + changes.offset
    return (toned + changes.noise * changes.noise_sd).clamp_(0, 1)
