"""LBP: uniform local binary patterns (Ojala, Pietikäinen, Mäenpää, PAMI 2002), counted in cells of a grid."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.imaging.features.feature import FeatureSettings, Images, Numbers
from xray_platform.imaging.features.grid import grid_places
from xray_platform.imaging.step import Shape

POINTS = 8


class LbpSettings(FeatureSettings):
    """Which of eight neighbours on a circle are at least as bright as the middle; 59 uniform codes a grid cell."""

    kind: Literal["lbp"] = "lbp"
    radius: float = Field(1.0, ge=1, le=16, description="radius of the circle of neighbours, in pixels")
    grid: int = Field(4, ge=1, le=32, description="cells down and across, each with a histogram of its own")

    def shape(self, picture: Shape) -> Shape:  # noqa: ARG002 - the grid decides
        return self.grid, self.grid, CODES

    def names(self, picture: Shape) -> list[str]:
        return [f"lbp_cell{r}.{c}_code{k}" for r, c, k in np.ndindex(*self.shape(picture))]

    def compute(self, images: Images) -> Numbers:
        cells = grid_places(images.shape[1:], self.grid)
        size = self.grid**2 * CODES
        counts = [np.bincount((cells * CODES + self.codes(i)).ravel(), minlength=size) for i in images]
        shares = np.asarray(counts, np.float32).reshape(len(images), self.grid**2, CODES)
        shares /= np.maximum(shares.sum(axis=2, keepdims=True), 1)
        return shares.reshape(len(images), size)

    def codes(self, image: Images) -> NDArray[np.uint8]:
        """Return each pixel's uniform code, 0 to 58; the border is continued outwards."""
        reach = int(np.ceil(self.radius))
        padded = np.pad(image, reach, mode="edge")
        pattern = np.zeros(image.shape, np.uint8)
        for bit in range(POINTS):
            angle = 2 * np.pi * bit / POINTS
            neighbour = _shifted(padded, image.shape, reach, -self.radius * np.sin(angle), self.radius * np.cos(angle))
            pattern |= (neighbour >= image).astype(np.uint8) << np.uint8(bit)
        return UNIFORM[pattern]

    def describe(self) -> str:
        return (
            f"shares of the {CODES} uniform local binary patterns of {POINTS} neighbours at {self.radius:g} pixels, "
            f"in each of {self.grid} x {self.grid} cells"
        )


def _shifted(padded: Images, shape: Shape, reach: int, down: float, right: float) -> Images:
    """Return the picture `down` and `right` of each pixel, bilinear between pixels."""
    down, right = round(down, 5), round(right, 5)
    top, left = int(np.floor(down)), int(np.floor(right))
    a, b = np.float32(down - top), np.float32(right - left)
    total = np.zeros(shape, np.float32)
    for y, x, weight in ((0, 0, (1 - a) * (1 - b)), (0, 1, (1 - a) * b), (1, 0, a * (1 - b)), (1, 1, a * b)):
        if weight > 0:
            r, c = reach + top + y, reach + left + x
            total += weight * padded[r : r + shape[0], c : c + shape[1]]
    return total


def _uniform_table() -> NDArray[np.uint8]:
    """Return a code for each of the 256 patterns: own codes for those with at most two changes, one for the rest."""
    patterns = np.arange(2**POINTS)
    bits = (patterns[:, None] >> np.arange(POINTS)) & 1
    changes = (bits != np.roll(bits, 1, axis=1)).sum(axis=1)
    uniform = changes <= 2
    return np.where(uniform, np.cumsum(uniform) - 1, uniform.sum()).astype(np.uint8)


UNIFORM = _uniform_table()
CODES = int(UNIFORM.max()) + 1
