"""Tone: change all grey values alike: linear contrast, gamma, histogram equalisation, each in 16 bits."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from xray_platform.imaging.lookup import look_up
from xray_platform.imaging.percentiles import histogram
from xray_platform.imaging.pixel_range import FULL, PixelRange, Pixels
from xray_platform.imaging.step import Found, StepSettings

TOP = 65535
LEVELS = np.arange(65536, dtype=np.float64)


class LinearSettings(StepSettings):
    """Linear contrast about the middle grey: gain 1 and offset 0 change nothing."""

    kind: Literal["linear"] = Field("linear", description="which step this is")
    gain: float = Field(1.0, gt=0, le=100, description="slope about the middle grey; above 1 more contrast")
    offset: float = Field(0.0, ge=-1, le=1, description="added brightness, as a share of the range")

    takes: ClassVar[tuple[PixelRange, ...]] = (FULL,)
    gives: ClassVar[PixelRange | None] = FULL

    def run(self, pixels: Pixels, found: Found) -> Pixels:  # noqa: ARG002 - nothing is found in the picture
        middle = TOP / 2
        return look_up(pixels, _as_table((LEVELS - middle) * self.gain + middle + self.offset * TOP))

    def describe(self) -> str:
        return f"linear contrast with gain {self.gain:g} about the middle grey and offset {self.offset:g}"


class GammaSettings(StepSettings):
    """Power law: out = in^gamma on [0, 1]; above 1 darkens the middle greys, 1 changes nothing."""

    kind: Literal["gamma"] = Field("gamma", description="which step this is")
    gamma: float = Field(1.0, gt=0, le=10, description="exponent")

    takes: ClassVar[tuple[PixelRange, ...]] = (FULL,)
    gives: ClassVar[PixelRange | None] = FULL

    def run(self, pixels: Pixels, found: Found) -> Pixels:  # noqa: ARG002 - nothing is found in the picture
        return look_up(pixels, _as_table((LEVELS / TOP) ** self.gamma * TOP))

    def describe(self) -> str:
        return f"gamma correction with exponent {self.gamma:g}"


class EqualiseSettings(StepSettings):
    """Histogram equalisation over all 65536 levels; a picture of one grey stays as it is."""

    kind: Literal["equalise"] = Field("equalise", description="which step this is")
    ignore_black: bool = Field(True, description="leave pixels of value 0 (frames, padding) black and uncounted")

    takes: ClassVar[tuple[PixelRange, ...]] = (FULL,)
    gives: ClassVar[PixelRange | None] = FULL

    def run(self, pixels: Pixels, found: Found) -> Pixels:  # noqa: ARG002 - the histogram is no small number
        counts = histogram(pixels)
        if self.ignore_black:
            counts[0] = 0
        present = np.flatnonzero(counts)
        if len(present) < 2:
            return pixels.copy()
        below = np.cumsum(counts)
        first = counts[present[0]]
        table = _as_table((below - first) / (below[-1] - first) * TOP)
        if self.ignore_black:
            table[1:] = np.maximum(table[1:], 1)  # only what was black is black
        return look_up(pixels, table)

    def describe(self) -> str:
        black = ", black left alone" if self.ignore_black else ""
        return f"equalise the histogram over 65536 levels{black}"


def _as_table(values: Pixels) -> Pixels:
    table: Pixels = np.clip(np.rint(values), 0, TOP).astype(np.uint16)
    return table
