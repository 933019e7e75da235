"""ImageNet: three equal channels with ImageNet's statistics, for networks pretrained on colour photographs."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from xray_platform.imaging.pixel_range import FULL, IMAGENET, UNIT, PixelRange, Pixels
from xray_platform.imaging.step import Found, Shape, StepSettings
from xray_platform.imaging.steps.scale import to_unit

MEAN = np.array([0.485, 0.456, 0.406], np.float32)[:, None, None]
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)[:, None, None]


class ImagenetSettings(StepSettings):
    """Repeat grey three times and standardise each channel; the result has the shape (3, rows, columns)."""

    kind: Literal["imagenet"] = Field("imagenet", description="which step this is")

    takes: ClassVar[tuple[PixelRange, ...]] = (FULL, UNIT)
    gives: ClassVar[PixelRange | None] = IMAGENET

    def run(self, pixels: Pixels, found: Found) -> Pixels:  # noqa: ARG002 - nothing is found in the picture
        scores: Pixels = (to_unit(pixels)[None] - MEAN) / DEVIATION
        return scores

    def shape(self, before: Shape | None) -> Shape | None:
        return None if before is None else (3, *before)

    def describe(self) -> str:
        return "repeat grey in three channels and standardise each with ImageNet's mean and deviation"
