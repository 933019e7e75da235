"""Scale: give the full range as real numbers from 0 to 1, or as bytes from 0 to 255."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from xray_platform.imaging.pixel_range import BYTE, FULL, SPAN, UNIT, PixelRange, Pixels
from xray_platform.imaging.step import Found, StepSettings


class UnitSettings(StepSettings):
    """Black is 0.0, white 1.0."""

    kind: Literal["unit"] = Field("unit", description="which step this is")

    takes: ClassVar[tuple[PixelRange, ...]] = (FULL, BYTE)
    gives: ClassVar[PixelRange | None] = UNIT

    def run(self, pixels: Pixels, found: Found) -> Pixels:  # noqa: ARG002 - nothing is found in the picture
        return to_unit(pixels)

    def describe(self) -> str:
        return "give the grey values as real numbers from 0 (black) to 1 (white)"


class ByteSettings(StepSettings):
    """Black is 0, white 255; only 256 grey levels remain."""

    kind: Literal["byte"] = Field("byte", description="which step this is")

    takes: ClassVar[tuple[PixelRange, ...]] = (FULL, UNIT)
    gives: ClassVar[PixelRange | None] = BYTE

    def run(self, pixels: Pixels, found: Found) -> Pixels:  # noqa: ARG002 - nothing is found in the picture
        scaled: Pixels = np.rint(to_unit(pixels) * np.float32(255)).astype(np.uint8)
        return scaled

    def describe(self) -> str:
        return "give the grey values as bytes from 0 (black) to 255 (white); 256 grey levels remain"


def to_unit(pixels: Pixels) -> Pixels:
    """Return a uint16 or uint8 picture as float32 in [0, 1]; a float32 one as it is."""
    if pixels.dtype == np.float32:
        return pixels
    scaled: Pixels = np.multiply(pixels, np.float32(1 / SPAN[pixels.dtype.name]), dtype=np.float32)
    return scaled
