"""Text detector: a small fully convolutional network that says where writing and side markers stand in a picture."""

from pydantic import Field
from torch import Tensor, nn

from xray_platform.settings import Settings

STRIDE = 4
"""Pixels a side of each cell of what it says."""
CHANNELS = ("text", "L", "R", "mirrored L", "mirrored R")
"""What each channel of its answer is about: writing of two signs and more, and lone letters."""


class TextDetectorSettings(Settings):
    """How wide the text detector is."""

    width: int = Field(
        24, ge=8, le=64, multiple_of=8, description="channels of the first stage, at a quarter of the side"
    )
    deeper: int = Field(
        32, ge=8, le=64, multiple_of=8, description="channels of the second; twice and thrice in the later"
    )


class TextDetector(nn.Module):
    """Maps pictures (N, 1, h, w) in [0, 1], sides multiples of 32, to logits (N, 5, h/4, w/4); see CHANNELS.

    A U-Net (Ronneberger et al. 2015) that adds where the original joins, and that looks at 8 x 8 pixels at first.
    """

    def __init__(self, settings: TextDetectorSettings = TextDetectorSettings()) -> None:
        super().__init__()
        one, two, three, four = settings.width, settings.deeper, 2 * settings.deeper, 3 * settings.deeper
        self.enter = nn.Sequential(nn.Conv2d(1, one, 8, STRIDE, 2), nn.ReLU(inplace=True), Block(one, one))
        self.down_two = nn.Sequential(Halve(one, two), Block(two, two), Block(two, two))
        self.down_three = nn.Sequential(Halve(two, three), Block(three, three), Block(three, three))
        self.down_four = nn.Sequential(Halve(three, four), Block(four, four), Block(four, four))
        self.to_three, self.to_two, self.to_one = (
            nn.Conv2d(wide, narrow, 1) for wide, narrow in ((four, three), (three, two), (two, one))
        )
        self.up_three, self.up_two, self.up_one = Block(three, three), Block(two, two), Block(one, one)
        self.wider = nn.Upsample(scale_factor=2, mode="nearest")
        self.leave = nn.Conv2d(one, len(CHANNELS), 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return logits."""
        one = self.enter(pictures - 0.5)
        two = self.down_two(one)
        three = self.down_three(two)
        four = self.down_four(three)
        three = self.up_three(three + self.wider(self.to_three(four)))
        two = self.up_two(two + self.wider(self.to_two(three)))
        logits: Tensor = self.leave(self.up_one(one + self.wider(self.to_one(two))))
        return logits


class Block(nn.Sequential):
    """A 3 x 3 convolution, normalised by batch (folded into it when exported), and a rectifier."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        super().__init__(
            nn.Conv2d(incoming, outgoing, 3, padding=1, bias=False), nn.BatchNorm2d(outgoing), nn.ReLU(inplace=True)
        )


class Halve(nn.Sequential):
    """A 2 x 2 convolution that halves the sides."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        super().__init__(nn.Conv2d(incoming, outgoing, 2, 2), nn.ReLU(inplace=True))
