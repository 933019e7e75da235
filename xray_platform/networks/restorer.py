"""Restorer: a small U-Net that turns what the colours of a damaged picture say into its grey levels."""

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import pad

from xray_platform.settings import Settings

INCOMING, COARSE_MEAN = 8, 5
"""Maps that it sees: three colours, mean and spread of the level at two reaches, and what of the picture is there."""
MULTIPLE = 8
"""Sides are padded to a multiple of this."""


class RestorerSettings(Settings):
    """How wide the restorer is."""

    width: int = Field(40, ge=8, le=128, multiple_of=8, description="channels of the first stage, at half resolution")


class Restorer(nn.Module):
    """Maps (N, 8, h, w) in [0, 1] to grey (N, 1, h, w): a correction of the coarse mean, three stages, no batch norm.

    The first stage works on 2 x 2 pixels at once (pixel unshuffle, Shi et al. 2016): finer detail is noise here.
    """

    def __init__(self, settings: RestorerSettings) -> None:
        super().__init__()
        one, two, three = settings.width, 2 * settings.width, int(2.5 * settings.width)
        self.enter = nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(4 * INCOMING, one, 3, padding=1))
        self.down_one, self.down_two = Residual(one), Residual(two)
        self.to_two, self.to_three = nn.Conv2d(one, two, 2, 2), nn.Conv2d(two, three, 2, 2)
        self.middle = nn.Sequential(Residual(three), Residual(three))
        self.from_three, self.from_two = nn.Conv2d(three, 4 * two, 1), nn.Conv2d(two, 4 * one, 1)
        self.up = nn.PixelShuffle(2)
        self.up_two, self.up_one = Residual(two), Residual(one)
        self.leave = nn.Sequential(nn.Conv2d(one, 4, 3, padding=1), nn.PixelShuffle(2))

    def forward(self, maps: Tensor) -> Tensor:
        """Return the grey levels, about 0 to 1, not clipped."""
        rows, columns = maps.shape[2:]
        whole = pad(maps, (0, -columns % MULTIPLE, 0, -rows % MULTIPLE), mode="replicate")
        one = self.down_one(self.enter(whole))
        two = self.down_two(self.to_two(one))
        three = self.middle(self.to_three(two))
        two = self.up_two(two + self.up(self.from_three(three)))
        one = self.up_one(one + self.up(self.from_two(two)))
        grey: Tensor = whole[:, COARSE_MEAN : COARSE_MEAN + 1] + self.leave(one)
        return grey[..., :rows, :columns]


class Residual(nn.Module):
    """Two 3 x 3 convolutions added to the way around them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(width, width, 3, padding=1)
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps of the same shape."""
        return torch.add(maps, self.body(maps))
