"""Flat pixels: the grey values themselves, at a small size, one number a pixel."""

from typing import Literal

import numpy as np
from pydantic import Field

from xray_platform.image_stack import Images
from xray_platform.imaging.features.feature import FeatureMatrix, FeatureSettings
from xray_platform.imaging.step import Shape
from xray_platform.imaging.steps.resize import scale_to


class PixelsSettings(FeatureSettings):
    """Each picture resized (aspect not kept) and read row by row."""

    kind: Literal["pixels"] = Field("pixels", description="which feature this is")
    side: int = Field(32, ge=1, le=1024, description="height and width of the resized picture, in pixels")

    def shape(self, picture: Shape) -> Shape:  # noqa: ARG002 - the side decides
        return self.side, self.side

    def names(self, picture: Shape) -> list[str]:  # noqa: ARG002 - the side decides
        return [f"pixels_{row}.{column}" for row, column in np.ndindex(self.side, self.side)]

    def compute(self, images: Images) -> FeatureMatrix:
        return np.stack([scale_to(image, self.side, self.side).ravel() for image in images])

    def describe(self) -> str:
        return f"grey values at {self.side} x {self.side} pixels"
