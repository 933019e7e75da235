"""Quantise: keep only so many bits of the grey values, so that 8 bits can be compared with 12."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from xray_platform.imaging.lookup import look_up
from xray_platform.imaging.pixel_range import FULL, PixelRange, Pixels
from xray_platform.imaging.step import Found, StepSettings


class QuantiseSettings(StepSettings):
    """Round to 2^bits evenly spaced grey levels, black and white among them; the range stays 16 bits wide."""

    kind: Literal["quantise"] = Field("quantise", description="which step this is")
    bits: int = Field(8, ge=1, le=16, description="bits that remain")

    takes: ClassVar[tuple[PixelRange, ...]] = (FULL,)
    gives: ClassVar[PixelRange | None] = FULL

    def run(self, pixels: Pixels, found: Found) -> Pixels:  # noqa: ARG002 - nothing is found in the picture
        top = 2**self.bits - 1
        levels = np.rint(np.arange(65536) * (top / 65535))
        return look_up(pixels, np.rint(levels * (65535 / top)).astype(np.uint16))

    def describe(self) -> str:
        return f"round to {2**self.bits} grey levels ({self.bits} bits)"
