"""Min-max: spread the grey values from the darkest to the brightest over the full range."""

from typing import ClassVar, Literal

from pydantic import Field

from xray_platform.imaging.pixel_range import FULL, STORED, PixelRange, Pixels, Window
from xray_platform.imaging.step import Found, StepSettings
from xray_platform.imaging.steps.window import stretch


class MinMaxSettings(StepSettings):
    """Darkest to black, brightest to white; one hot pixel is enough to darken all others (see the window)."""

    kind: Literal["min_max"] = Field("min_max", description="which step this is")

    takes: ClassVar[tuple[PixelRange, ...]] = (STORED, FULL)
    gives: ClassVar[PixelRange | None] = FULL

    def find(self, pixels: Pixels, window: Window | None = None) -> Found:  # noqa: ARG002 - its own limits
        return {"low": float(pixels.min()), "high": float(pixels.max())}

    def run(self, pixels: Pixels, found: Found) -> Pixels:
        return stretch(pixels, found["low"], found["high"])

    def describe(self) -> str:
        return "spread the grey values from the darkest to the brightest over 0 to 65535"
