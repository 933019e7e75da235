"""Augmentation: small changes that a chest may have without changing its label; never a horizontal flip.

All that is random is in `sample`, the change in `apply`: the same values give the same pictures.
A flip would teach that the heart may lie on either side. Height and width are stretched apart because archives that
squeeze pictures into squares let a network learn the frame's shape in place of the lung; tone curve, sharpness and
resolution tell one archive from another too, and settings can change them; the recipe `equalised` takes the tone away.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch's own documents use
from torch import Generator, Tensor

from xray_platform.training.augmentation_settings import AugmentationSettings


@dataclass(frozen=True)
class Changes:
    """What is done to each of N pictures: `affine` (N, 2, 3), `box` (N, 4) top, left, bottom, right as shares of the
    side, `noise` (N, 1, S, S) of deviation 1 or (1,), and (N, 1, 1, 1) of each: `blurred` 0 or 1, `detail` times the
    finest details, `exponent` of the tone curve, `gain`, `offset` and `noise_sd`.
    """

    affine: Tensor
    blurred: Tensor
    detail: Tensor
    exponent: Tensor
    gain: Tensor
    offset: Tensor
    noise_sd: Tensor
    noise: Tensor
    box: Tensor


def sample(images: Tensor, settings: AugmentationSettings, generator: Generator) -> Changes:
    """Draw changes for pictures (N, 1, S, S); the noise is on their device, the draw itself on the CPU."""
    count = len(images)

    def share() -> Tensor:
        return torch.rand(count, generator=generator)

    def spread(most: float) -> Tensor:
        return (share() * 2 - 1) * most

    turn = spread(math.radians(settings.rotation_degrees))
    zoom, stretch = torch.exp(spread(math.log1p(settings.scale))), torch.exp(spread(math.log1p(settings.stretch)) / 2)
    affine = _affine(turn, zoom * stretch, zoom / stretch, 2 * spread(settings.shift), 2 * spread(settings.shift))
    each = {
        "blurred": (share() < settings.blur).float(),
        "detail": 1 + spread(settings.sharpness),
        "exponent": torch.exp(spread(math.log1p(settings.gamma))),
        "gain": 1 + spread(settings.contrast),
        "offset": spread(settings.brightness),
        "noise_sd": share() * settings.noise,
    }
    middle, side = torch.stack([share(), share()], 1), torch.stack([share(), share()], 1) * settings.erase
    noise = torch.randn(images.shape, generator=generator) if settings.noise > 0 else torch.zeros(1)
    return Changes(
        affine=affine.to(images.device),
        noise=noise.to(images.device),
        box=torch.cat([middle - side / 2, middle + side / 2], 1).to(images.device),
        **{name: value.view(-1, 1, 1, 1).to(images.device) for name, value in each.items()},
    )


def _affine(turn: Tensor, height: Tensor, width: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Return (N, 2, 3): where in the old picture each place of the new one is read, in units of half a side."""
    cosine, sine = torch.cos(turn), torch.sin(turn)
    rows = [cosine / width, -sine / height, right, sine / width, cosine / height, down]
    return torch.stack(rows, dim=1).view(-1, 2, 3)


def apply(images: Tensor, changes: Changes) -> Tensor:
    """Return pictures (N, 1, S, S) in [0, 1]: moved, sharpened or blurred, toned, made noisy, a box erased."""
    grid = F.affine_grid(changes.affine, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    toned = _detailed(moved, changes).clamp_(0, 1) ** changes.exponent
    mean = toned.mean(dim=(1, 2, 3), keepdim=True)
    lit = (toned - mean) * changes.gain + mean + changes.offset
    return _erased((lit + changes.noise * changes.noise_sd).clamp_(0, 1), changes.box)


def _detailed(images: Tensor, changes: Changes) -> Tensor:
    """Return the pictures with more or less of what half the resolution cannot show, or none of it where `blurred`."""
    kept = changes.detail * (1 - changes.blurred)
    if bool((kept == 1).all()):
        return images
    coarse = F.interpolate(F.avg_pool2d(images, 2, ceil_mode=True), images.shape[-2:], mode="bilinear")
    return coarse + (images - coarse) * kept


def _erased(images: Tensor, box: Tensor) -> Tensor:
    """Return the pictures with one rectangle each in their mean grey; boxes of no size change nothing."""
    if bool((box[:, 2:] <= box[:, :2]).any(dim=1).all()):
        return images
    place = (torch.arange(images.shape[-1], device=images.device) + 0.5) / images.shape[-1]
    within = (place >= box[:, :2, None]) & (place < box[:, 2:, None])  # (N, 2, S): rows, columns
    hidden = (within[:, 0, :, None] & within[:, 1, None, :])[:, None]
    return torch.where(hidden, images.mean(dim=(1, 2, 3), keepdim=True), images)
