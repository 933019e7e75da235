"""HOG: histograms of oriented gradients (Dalal & Triggs, CVPR 2005)."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.errors import InputError
from xray_platform.image_stack import Images
from xray_platform.imaging.features.feature import FeatureMatrix, FeatureSettings, grid_cells
from xray_platform.imaging.step import Shape

TINY = 1e-5
HYSTERESIS = 0.2


class HogSettings(FeatureSettings):
    """Gradient directions in cells, normalised over blocks of cells (L2-Hys); equals `skimage.feature.hog`."""

    kind: Literal["hog"] = Field("hog", description="which feature this is")
    orientations: int = Field(9, ge=2, le=36, description="bins of the unsigned gradient direction over 180 degrees")
    cell: int = Field(16, ge=2, le=256, description="side of a cell, in pixels")
    block: int = Field(2, ge=1, le=8, description="side of a block, in cells; blocks overlap by all but one cell")

    def blocks(self, shape: Shape) -> tuple[int, int]:
        """Return how many blocks lie down and across; raises InputError where not even one fits."""
        down, across = grid_cells(shape, self.cell)
        if min(down, across) < self.block:
            raise InputError(f"blocks of {self.block} x {self.block} cells do not fit into {down} x {across} cells")
        return down - self.block + 1, across - self.block + 1

    def shape(self, picture: Shape) -> Shape:
        return *self.blocks(picture), self.block, self.block, self.orientations

    def names(self, picture: Shape) -> list[str]:
        return [f"hog_block{r}.{c}_cell{y}.{x}_bin{o}" for r, c, y, x, o in np.ndindex(*self.shape(picture))]

    def compute(self, images: Images) -> FeatureMatrix:
        down, across = self.blocks(images.shape[1:])
        histograms = self._cells(images)
        windows = np.lib.stride_tricks.sliding_window_view(histograms, (self.block, self.block), axis=(1, 2))
        blocks = np.moveaxis(windows, 3, -1).reshape(len(images), down * across, -1)
        return _l2_hys(blocks).reshape(len(images), -1).astype(np.float32)

    def _cells(self, images: Images) -> NDArray[np.float64]:
        """Return the mean gradient in each cell and direction: (N, cells down, cells across, orientations)."""
        down, across = grid_cells(images.shape[1:], self.cell)
        dy, dx = (part[:, : down * self.cell, : across * self.cell] for part in gradients(images))
        bins = np.floor(np.arctan2(dy, dx) * np.float32(self.orientations / np.pi)).astype(np.int64) % self.orientations
        rows, columns = np.arange(down).repeat(self.cell), np.arange(across).repeat(self.cell)
        places = (rows[:, None] * across + columns) * self.orientations + bins
        places += np.arange(len(images))[:, None, None] * (down * across * self.orientations)
        size = len(images) * down * across * self.orientations
        sums = np.bincount(places.ravel(), np.hypot(dy, dx).ravel(), minlength=size)
        return sums.reshape(len(images), down, across, self.orientations) / self.cell**2

    def describe(self) -> str:
        return (
            f"histograms of {self.orientations} gradient directions in cells of {self.cell} x {self.cell} pixels, "
            f"normalised over blocks of {self.block} x {self.block} cells"
        )


def gradients(images: Images) -> tuple[Images, Images]:
    """Return central differences down and across, zero at the borders."""
    dy, dx = np.zeros_like(images), np.zeros_like(images)
    dy[:, 1:-1] = images[:, 2:] - images[:, :-2]
    dx[:, :, 1:-1] = images[:, :, 2:] - images[:, :, :-2]
    return dy, dx


def _l2_hys(blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normalise each last axis to length 1, cut at 0.2, normalise again."""
    for cap in (HYSTERESIS, None):
        blocks = blocks / np.sqrt((blocks**2).sum(axis=-1, keepdims=True) + TINY**2)
        blocks = blocks if cap is None else np.minimum(blocks, cap)
    return blocks
