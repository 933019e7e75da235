"""Window: spread the grey values between two limits over the full range."""

from typing import ClassVar, Literal

import cv2
import numpy as np
from pydantic import Field, model_validator

from xray_platform.errors import InputError
from xray_platform.imaging.lookup import look_up
from xray_platform.imaging.percentiles import percentiles
from xray_platform.imaging.pixel_range import FULL, STORED, PixelRange, Pixels, Window
from xray_platform.imaging.step import Found, StepSettings

TOP = 65535.0
MEET = 1e-6  # limits closer than this part the grey values into black and white
NARROW = 1024.0  # below this width the 32-bit floating point of OpenCV is a grey value and more wrong


class WindowSettings(StepSettings):
    """Percentile window: the limits of the picture's table row where it has one, else its own percentiles."""

    kind: Literal["window"] = Field("window", description="which step this is")
    low_percentile: float = Field(0.5, ge=0, le=100, description="share of pixels that may turn black, in percent")
    high_percentile: float = Field(99.5, ge=0, le=100, description="share of pixels below white, in percent")
    use_given: bool = Field(True, description="take the window that the standard image carries, where it carries one")

    takes: ClassVar[tuple[PixelRange, ...]] = (STORED, FULL)
    gives: ClassVar[PixelRange | None] = FULL

    @model_validator(mode="after")
    def _ordered(self) -> "WindowSettings":
        if self.low_percentile >= self.high_percentile:
            raise InputError(
                f"low_percentile is {self.low_percentile:g}; "
                f"it must lie below high_percentile, which is {self.high_percentile:g}"
            )
        return self

    def find(self, pixels: Pixels, window: Window | None = None) -> Found:
        low, high = window if window is not None and self.use_given else self._measure(pixels)
        return {"low": float(low), "high": float(high)}

    def _measure(self, pixels: Pixels) -> Window:
        low, high = percentiles(pixels, (self.low_percentile, self.high_percentile))
        return low, high

    def run(self, pixels: Pixels, found: Found) -> Pixels:
        return stretch(pixels, found["low"], found["high"])

    def describe(self) -> str:
        own = f"the {self.low_percentile:g} and {self.high_percentile:g} percentiles"
        limits = f"the standard image's window (or {own})" if self.use_given else own
        return f"spread the grey values between {limits} over 0 to 65535, clip what lies outside"


def stretch(pixels: Pixels, low: float, high: float) -> Pixels:
    """Map [low, high] of a uint16 array linearly onto 0..65535 (uint16), rounded and clipped.

    Where the limits meet there is nothing to spread: what lies above them turns white, the rest black.
    """
    if high - low >= NARROW:
        scale = TOP / (high - low)
        stretched: Pixels = cv2.addWeighted(pixels, scale, pixels, 0.0, -low * scale)
        return stretched.reshape(pixels.shape)
    return look_up(pixels, _table(low, high))


def _table(low: float, high: float) -> Pixels:
    values = np.arange(65536, dtype=np.float64)
    if high - low < MEET:
        return np.where(values > low, np.uint16(65535), np.uint16(0))
    return np.clip(np.rint((values - low) * (TOP / (high - low))), 0, TOP).astype(np.uint16)
