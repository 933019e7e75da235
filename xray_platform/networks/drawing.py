"""Drawing: networks that draw a picture again, through a few numbers or out of noise."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

SMALLEST = 4  # pixels of a side, where a picture becomes numbers
HIDDEN = 128
MIDDLE, SPREAD = 0.5, 0.25  # of grey values in [0, 1]


class BottleneckAutoencoder(nn.Module):
    """Pictures (N, 1, S, S) in [0, 1] to pictures; all that it knows of one goes through `latent` numbers.

    S is `SMALLEST` doubled some times, or a multiple of that.
    """

    def __init__(self, side: int, width: int, latent: int) -> None:
        super().__init__()
        halvings = 0
        while side % 2 == 0 and side > SMALLEST and halvings < 5:
            side, halvings = side // 2, halvings + 1
        channels = [min(width * 2**number, 4 * width) for number in range(halvings)]
        self.cells, self.deepest = side, channels[-1]
        flat = self.deepest * side**2
        self.encoder = nn.Sequential(*(_block(before, after, 2) for before, after in pairwise([1, *channels])))
        self.latent = nn.Sequential(
            nn.Linear(flat, HIDDEN), nn.ReLU(inplace=True), nn.Linear(HIDDEN, latent),
            nn.Linear(latent, HIDDEN), nn.ReLU(inplace=True), nn.Linear(HIDDEN, flat), nn.ReLU(inplace=True),
        )  # fmt: skip
        up = [_Doubled(before, after) for before, after in pairwise([*channels[::-1], width])]
        self.decoder = nn.Sequential(*up, nn.Conv2d(width, 1, 3, padding=1))

    def forward(self, images: Tensor) -> Tensor:
        """Return what is drawn."""
        found = self.latent(self.encoder((images - MIDDLE) / SPREAD).flatten(1))
        drawn: Tensor = self.decoder(found.view(-1, self.deepest, self.cells, self.cells))
        return drawn * SPREAD + MIDDLE


class Denoiser(nn.Module):
    """Pictures (N, 1, S, S) to pictures without noise: a small U-Net; S is a multiple of 8."""

    def __init__(self, width: int) -> None:
        super().__init__()
        one, two, three = width, 2 * width, 4 * width
        self.one = nn.Sequential(nn.PixelUnshuffle(2), _block(4, one), _block(one, one))
        self.two = nn.Sequential(_block(one, two, 2), _block(two, two))
        self.three = nn.Sequential(_block(two, three, 2), _block(three, three), _block(three, three))
        self.up_two, self.joined_two = _Doubled(three, two), _block(2 * two, two)
        self.up_one, self.joined_one = _Doubled(two, one), _block(2 * one, one)
        self.leave = nn.Sequential(nn.Conv2d(one, 4, 3, padding=1), nn.PixelShuffle(2))

    def forward(self, images: Tensor) -> Tensor:
        """Return what is drawn."""
        one = self.one((images - MIDDLE) / SPREAD)
        two = self.two(one)
        two = self.joined_two(torch.cat([two, self.up_two(self.three(two))], dim=1))
        drawn: Tensor = self.leave(self.joined_one(torch.cat([one, self.up_one(two)], dim=1)))
        return drawn * SPREAD + MIDDLE


class _Doubled(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.block = _block(before, after)

    def forward(self, maps: Tensor) -> Tensor:
        found: Tensor = self.block(interpolate(maps, scale_factor=2.0, mode="nearest"))
        return found


def _block(before: int, after: int, stride: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )
