"""Edges: strength and direction of the gradient after Sobel and after Scharr, in cells of a grid."""

from typing import Literal

import cv2
import numpy as np
from pydantic import Field

from xray_platform.image_stack import Images
from xray_platform.imaging.features.feature import FeatureMatrix, FeatureSettings
from xray_platform.imaging.features.grid import cell_names, pool
from xray_platform.imaging.step import Shape

MEASURES = ("strength", "deviation", "down", "across")
SOBEL_SUM, SCHARR_SUM = 8, 32  # sums of the kernels' positive weights times the distance: a ramp of 1 a pixel gives 1


class SobelSettings(FeatureSettings):
    """Sobel gradient: in each cell mean and deviation of its strength, mean change down and across without sign."""

    kind: Literal["sobel"] = Field("sobel", description="which feature this is")
    grid: int = Field(8, ge=1, le=64, description="cells down and across")

    def shape(self, picture: Shape) -> Shape:  # noqa: ARG002 - the grid decides
        return len(MEASURES), self.grid, self.grid

    def names(self, picture: Shape) -> list[str]:  # noqa: ARG002 - the grid decides
        return [name for measure in MEASURES for name in cell_names(f"sobel_{measure}", self.grid)]

    def compute(self, images: Images) -> FeatureMatrix:
        return _measures([sobel(image) for image in images], self.grid)

    def describe(self) -> str:
        return f"strength and direction of the Sobel gradient in {self.grid} x {self.grid} cells"


class ScharrSettings(FeatureSettings):
    """Scharr gradient, whose strength depends less on the direction; else as Sobel's."""

    kind: Literal["scharr"] = Field("scharr", description="which feature this is")
    grid: int = Field(8, ge=1, le=64, description="cells down and across")

    def shape(self, picture: Shape) -> Shape:  # noqa: ARG002 - the grid decides
        return len(MEASURES), self.grid, self.grid

    def names(self, picture: Shape) -> list[str]:  # noqa: ARG002 - the grid decides
        return [name for measure in MEASURES for name in cell_names(f"scharr_{measure}", self.grid)]

    def compute(self, images: Images) -> FeatureMatrix:
        return _measures([scharr(image) for image in images], self.grid)

    def describe(self) -> str:
        return f"strength and direction of the Scharr gradient in {self.grid} x {self.grid} cells"


def sobel(image: Images) -> tuple[Images, Images]:
    """Return the change down and across per pixel, float32, of a float32 picture; the border is continued."""
    down = cv2.Sobel(image, cv2.CV_32F, 0, 1, scale=1 / SOBEL_SUM, borderType=cv2.BORDER_REPLICATE)
    across = cv2.Sobel(image, cv2.CV_32F, 1, 0, scale=1 / SOBEL_SUM, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(down, np.float32).reshape(image.shape), np.asarray(across, np.float32).reshape(image.shape)


def scharr(image: Images) -> tuple[Images, Images]:
    """As `sobel`, after Scharr."""
    down = cv2.Scharr(image, cv2.CV_32F, 0, 1, scale=1 / SCHARR_SUM, borderType=cv2.BORDER_REPLICATE)
    across = cv2.Scharr(image, cv2.CV_32F, 1, 0, scale=1 / SCHARR_SUM, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(down, np.float32).reshape(image.shape), np.asarray(across, np.float32).reshape(image.shape)


def _measures(gradients: list[tuple[Images, Images]], grid: int) -> FeatureMatrix:
    down, across = (np.stack(parts) for parts in zip(*gradients, strict=True))
    strength = np.hypot(down, across)
    mean = pool(strength, grid)
    deviation = np.sqrt(np.maximum(pool(strength * strength, grid) - mean * mean, 0))
    measures = np.stack([mean, deviation, pool(np.abs(down), grid), pool(np.abs(across), grid)], axis=1)
    return measures.reshape(len(gradients), -1)
