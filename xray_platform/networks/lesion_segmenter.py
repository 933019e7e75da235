"""Lesion segmenter: a small U-Net that says of every 4 x 4 pixels how likely something was put there."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

STRIDE, MULTIPLE = 4, 8  # pixels to a number of the map; a side is a multiple of the other
MIDDLE, SPREAD = 0.5, 0.25  # of grey values in [0, 1]


class LesionSegmenter(nn.Module):
    """Pictures (N, 1, S, S) in [0, 1] to logits (N, 1, S / 4, S / 4)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.one = nn.Sequential(nn.PixelUnshuffle(2), _block(4, width), _block(width, width))
        self.two = nn.Sequential(_block(width, 2 * width, 2), _block(2 * width, 2 * width))
        self.three = nn.Sequential(
            _block(2 * width, 4 * width, 2), _block(4 * width, 4 * width), _block(4 * width, 4 * width)
        )
        self.narrow = nn.Conv2d(4 * width, 2 * width, 1)
        self.joined = _block(4 * width, 2 * width)
        self.leave = nn.Conv2d(2 * width, 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits."""
        two = self.two(self.one((images - MIDDLE) / SPREAD))
        three = interpolate(self.narrow(self.three(two)), scale_factor=2.0, mode="nearest")
        logits: Tensor = self.leave(self.joined(torch.cat([two, three], dim=1)))
        return logits


class LesionProbability(nn.Module):
    """Pictures (N, 1, S, S) to probabilities (N, 1, S / 4, S / 4)."""

    def __init__(self, segmenter: nn.Module) -> None:
        super().__init__()
        self.segmenter = segmenter

    def forward(self, images: Tensor) -> Tensor:
        """Return the probabilities."""
        return torch.sigmoid(self.segmenter(images))


def _block(before: int, after: int, stride: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )
