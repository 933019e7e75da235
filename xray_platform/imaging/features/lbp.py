"""LBP: uniform local binary patterns (Ojala, Pietikäinen, Mäenpää, PAMI 2002), counted in cells of a grid."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.image_stack import Images
from xray_platform.imaging.features.feature import FeatureMatrix, FeatureSettings
from xray_platform.imaging.features.grid import count_codes, grid_places
from xray_platform.imaging.step import Shape

POINTS = 8


class LbpSettings(FeatureSettings):
    """Which of eight neighbours on a circle are at least as bright as the middle; 59 uniform codes a grid cell."""

    kind: Literal["lbp"] = Field("lbp", description="which feature this is")
    radius: float = Field(1.0, ge=1, le=16, description="radius of the circle of neighbours, in pixels")
    grid: int = Field(4, ge=1, le=32, description="cells down and across, each with a histogram of its own")

    def shape(self, picture: Shape) -> Shape:  # noqa: ARG002 - the grid decides
        return self.grid, self.grid, CODES

    def names(self, picture: Shape) -> list[str]:
        return [f"lbp_cell{r}.{c}_code{k}" for r, c, k in np.ndindex(*self.shape(picture))]

    def compute(self, images: Images) -> FeatureMatrix:
        cells = grid_places(images.shape[1:], self.grid)
        size = self.grid**2 * CODES
        counts = count_codes(cells * CODES + self.codes(images), size)
        shares = counts.astype(np.float32).reshape(len(images), self.grid**2, CODES)
        shares /= np.maximum(shares.sum(axis=2, keepdims=True), 1)
        return shares.reshape(len(images), size)

    def codes(self, images: Images) -> NDArray[np.uint8]:
        """Return each pixel's uniform code, 0 to 58; the border is continued outwards."""
        reach = int(np.ceil(self.radius))
        padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach)), mode="edge")
        pattern = np.zeros(images.shape, np.uint8)
        for bit in range(POINTS):
            angle = 2 * np.pi * bit / POINTS
            down, right = -self.radius * np.sin(angle), self.radius * np.cos(angle)
            neighbour = _shifted(padded, images.shape[1:], reach, down, right)
            pattern |= (neighbour >= images).astype(np.uint8) << np.uint8(bit)
        return UNIFORM[pattern]

    def describe(self) -> str:
        return (
            f"shares of the {CODES} uniform local binary patterns of {POINTS} neighbours at {self.radius:g} pixels, "
            f"in each of {self.grid} x {self.grid} cells"
        )


def _shifted(padded: Images, shape: Shape, reach: int, down: float, right: float) -> Images:
    """Return the pictures `down` and `right` of each pixel, bilinear between pixels."""
    down, right = round(down, 5), round(right, 5)
    top, left = int(np.floor(down)), int(np.floor(right))
    a, b = np.float32(down - top), np.float32(right - left)
    corners = ((0, 0, (1 - a) * (1 - b)), (0, 1, (1 - a) * b), (1, 0, a * (1 - b)), (1, 1, a * b))
    parts = []
    for y, x, weight in corners:
        if weight > 0:
            r, c = reach + top + y, reach + left + x
            parts.append(padded[:, r : r + shape[0], c : c + shape[1]] * weight)
    return np.asarray(sum(parts[1:], parts[0]), np.float32)


def _uniform_table() -> NDArray[np.uint8]:
    """Return a code for each of the 256 patterns: own codes for those with at most two changes, one for the rest."""
    patterns = np.arange(2**POINTS)
    bits = (patterns[:, None] >> np.arange(POINTS)) & 1
    changes = (bits != np.roll(bits, 1, axis=1)).sum(axis=1)
    uniform = changes <= 2
    return np.where(uniform, np.cumsum(uniform) - 1, uniform.sum()).astype(np.uint8)


UNIFORM = _uniform_table()
CODES = int(UNIFORM.max()) + 1
