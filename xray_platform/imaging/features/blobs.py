"""Blobs: dark and bright spots of several sizes by the Laplacian of Gaussian (Lindeberg, IJCV 1998)."""

from functools import cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.image_stack import Images
from xray_platform.imaging.features.feature import FeatureMatrix, FeatureSettings
from xray_platform.imaging.features.grid import cell_names, pool
from xray_platform.imaging.step import Shape

SIGNS = ("bright", "dark")
REACH = 4  # standard deviations after which the bell is cut off


class BlobSettings(FeatureSettings):
    """Mean of the scale-normalised response of bright and of dark spots; a spot's radius is 1.4 sigma."""

    kind: Literal["log"] = Field("log", description="which feature this is")
    scales: int = Field(4, ge=1, le=6, description="how many sizes: sigma 1, 2, 4, … pixels")
    grid: int = Field(4, ge=1, le=64, description="cells down and across")

    def shape(self, picture: Shape) -> Shape:  # noqa: ARG002 - the settings decide
        return self.scales, len(SIGNS), self.grid, self.grid

    def names(self, picture: Shape) -> list[str]:  # noqa: ARG002 - the settings decide
        bank = [f"log_sigma{2**scale}_{sign}" for scale in range(self.scales) for sign in SIGNS]
        return [name for filter_ in bank for name in cell_names(filter_, self.grid)]

    def compute(self, images: Images) -> FeatureMatrix:
        return np.stack([self._cells(image) for image in images])

    def _cells(self, image: Images) -> FeatureMatrix:
        responses = self.responses(image)
        parts = np.stack([np.maximum(-responses, 0), np.maximum(responses, 0)], axis=1)
        return pool(parts, self.grid).ravel()

    def responses(self, image: Images) -> NDArray[np.float32]:
        """Return sigma² times the Laplacian of Gaussian at each scale: float32 (scales, rows, columns)."""
        return np.stack([_laplacian(image, 2**scale) for scale in range(self.scales)])

    def describe(self) -> str:
        sizes = ", ".join(str(2**scale) for scale in range(self.scales))
        cells = f"{self.grid} x {self.grid} cells"
        return f"bright and dark spots by Laplacian of Gaussian, sigma {sizes} pixels, in {cells}"


def _laplacian(image: Images, sigma: int) -> NDArray[np.float32]:
    bell, second = _kernels(sigma)
    down = cv2.sepFilter2D(image, cv2.CV_32F, bell, second, borderType=cv2.BORDER_REPLICATE)
    across = cv2.sepFilter2D(image, cv2.CV_32F, second, bell, borderType=cv2.BORDER_REPLICATE)
    return np.asarray((down + across) * sigma**2, np.float32).reshape(image.shape)


@cache
def _kernels(sigma: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the bell and its second derivative, so shifted that an even picture gives 0."""
    x = np.arange(-REACH * sigma, REACH * sigma + 1, dtype=np.float64)
    bell = np.exp(-(x**2) / (2 * sigma**2))
    bell /= bell.sum()
    second = (x**2 / sigma**4 - 1 / sigma**2) * bell
    return bell.astype(np.float32), (second - second.mean()).astype(np.float32)
