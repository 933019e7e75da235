"""Made-up lesions: put into normal chests while a network learns to find them, so that it needs no abnormal picture.

Four kinds, each in blots with soft or sharp edges: a piece of another picture (CutPaste), the detail of another picture
over the coarse grey of this one (which is what Poisson blending leaves, as NSA does), an opacity, and a veil that takes
away the vessels. What is asked for is how visibly a place was changed, for a piece of lung in a lung is no lesion.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch's own documents use
from torch import Generator, Tensor

CELL = 4  # pixels of a side to a number of the map that is asked for
BLOTS = 3
FURTHER = 0.35  # chance of each blot but the first
UNTOUCHED = 0.2  # share of the pictures that stay as they are
SMALLEST = 0.05  # half length of a blot, as a share of the side
VISIBLE = 0.05  # mean change of grey, of a range of 1, that is a lesion for sure
MOVED = 0.2  # of the side: how far a piece comes from its place in the other picture
LIGHT = 0.9  # grey of what is dense


@dataclass(frozen=True)
class LesionMaker:
    """`where` (S / 4, S / 4) says how often a blot lies there; `largest` is its half length, a share of the side."""

    where: Tensor
    largest: float

    def __call__(self, images: Tensor, rng: Generator) -> tuple[Tensor, Tensor]:
        """Return pictures (n, 1, S, S) with lesions, and how visible these are, (n, 1, S / 4, S / 4) in [0, 1]."""
        blots = self._blots(len(images), rng)
        changed = images + _enlarged(blots, images.shape[-1]) * (_replacement(images, rng) - images)
        seen = F.avg_pool2d(F.avg_pool2d((changed - images).abs(), CELL), 3, 1, 1, count_include_pad=False)
        return changed, torch.minimum((seen / VISIBLE).clamp(max=1), blots)

    def _blots(self, count: int, rng: Generator) -> Tensor:
        """Return how much of each place is replaced, (count, 1, S / 4, S / 4)."""
        side, shape = self.where.shape[-1], (BLOTS, count, 1, 1)

        def share(*shape: int) -> Tensor:
            return torch.rand(shape, generator=rng)

        chosen = torch.multinomial(self.where.flatten(), BLOTS * count, replacement=True, generator=rng).view(shape)
        along = (torch.arange(side) + 0.5) / side
        down, right = along[:, None] - (chosen // side + 0.5) / side, along - (chosen % side + 0.5) / side
        turn = share(*shape) * torch.pi
        long, wide = (SMALLEST + (self.largest - SMALLEST) * share(*shape) for _ in range(2))
        along_it, across = down * turn.cos() + right * turn.sin(), right * turn.cos() - down * turn.sin()
        far = torch.hypot(along_it / long, across / wide)
        uneven = _enlarged(torch.randn((BLOTS, count, 8, 8), generator=rng), side) * 0.4
        blots = torch.sigmoid((1 - far - uneven) / (0.03 + 0.25 * share(*shape)))
        there = share(*shape) < torch.tensor([1.0] + [FURTHER] * (BLOTS - 1)).view(-1, 1, 1, 1)
        return (blots * there).amax(dim=0)[:, None] * (share(count, 1, 1, 1) > UNTOUCHED)


def dark_places(mean: Tensor) -> Tensor:
    """Return where a mean normal chest (S, S) is dark, edges aside, (S / 4, S / 4) of 0 and 1: about the lungs."""
    small = F.avg_pool2d(mean[None, None], CELL)[0, 0]
    edge = round(0.16 * len(small))
    inside = torch.zeros_like(small)
    inside[edge:-edge, edge:-edge] = 1
    return inside * (small <= small[inside > 0].median())


def _replacement(images: Tensor, rng: Generator) -> Tensor:
    """Return what comes in the place of each picture's pixels: one of the four kinds."""
    side, count = images.shape[-1], len(images)
    most = round(MOVED * side)
    moved = torch.randint(-most, most + 1, (2,), generator=rng).tolist()
    other = images.roll(1, 0).roll(moved, (2, 3))
    strength = torch.rand((count, 1, 1, 1), generator=rng)
    coarse, detail = _coarse(images), other - _coarse(other)
    grain = _enlarged(torch.randn((count, 1, 16, 16), generator=rng), side) * 0.05
    kinds = (
        other,
        coarse + detail * (0.6 + strength),
        images + (0.1 + 0.5 * strength) * (LIGHT - images).clamp(min=0) + grain,
        coarse + (images - coarse) * strength * 0.5 + 0.25 * strength * (LIGHT - coarse),
    )
    kind = torch.randint(0, len(kinds), (count,), generator=rng)
    return torch.stack(kinds)[kind, torch.arange(count)].clamp(0, 1)


def _coarse(images: Tensor) -> Tensor:
    small = F.avg_pool2d(F.avg_pool2d(images, CELL), 3, 1, 1, count_include_pad=False)
    return _enlarged(small, images.shape[-1])


def _enlarged(maps: Tensor, side: int) -> Tensor:
    return F.interpolate(maps, size=(side, side), mode="bilinear", align_corners=False)
