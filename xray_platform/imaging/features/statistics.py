"""Statistics: mean, spread, shape and percentiles of the grey values, of the whole picture and in cells of a grid."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.imaging.features.feature import FeatureSettings, Images, Numbers
from xray_platform.imaging.features.grid import cell_names, grid_places
from xray_platform.imaging.step import Shape

PERCENTS = (1, 5, 25, 50, 75, 95, 99)
MOMENTS = ("mean", "deviation", "skewness", "kurtosis", "entropy_bits")
ENTROPY_BINS = 64
FLAT = 1e-6  # a deviation below this is rounding: skewness and kurtosis are then 0


class StatisticsSettings(FeatureSettings):
    """Intensity statistics; skewness and excess kurtosis are 0 for a constant picture."""

    kind: Literal["statistics"] = "statistics"
    grid: int = Field(4, ge=1, le=32, description="cells down and across with a mean and a deviation of their own")

    def shape(self, picture: Shape) -> Shape:  # noqa: ARG002 - the grid decides
        return (len(MOMENTS) + len(PERCENTS) + 2 * self.grid**2,)

    def names(self, picture: Shape) -> list[str]:  # noqa: ARG002 - the grid decides
        cells = cell_names("statistics", self.grid)
        whole = [f"statistics_{name}" for name in (*MOMENTS, *(f"percentile{p}" for p in PERCENTS))]
        return [*whole, *(f"{cell}_mean" for cell in cells), *(f"{cell}_deviation" for cell in cells)]

    def compute(self, images: Images) -> Numbers:
        flat = images.reshape(len(images), -1).astype(np.float64)
        percents = np.percentile(images.reshape(len(images), -1), PERCENTS, axis=1).T
        cells = grid_places(images.shape[1:], self.grid).ravel()
        parts = (_moments(flat), _entropy(images)[:, None], percents, _cells(flat, cells, self.grid**2))
        return np.concatenate(parts, axis=1).astype(np.float32)

    def describe(self) -> str:
        return (
            "mean, deviation, skewness, kurtosis, entropy and percentiles of the grey values, and mean and deviation "
            f"in each of {self.grid} x {self.grid} cells"
        )


def _moments(flat: NDArray[np.float64]) -> NDArray[np.float64]:
    mean = flat.mean(axis=1, keepdims=True)
    away = flat - mean
    square = away * away
    deviation = np.sqrt(square.mean(axis=1, keepdims=True))
    safe = np.where(deviation > FLAT, deviation, np.inf)
    skewness = (square * away).mean(axis=1, keepdims=True) / safe**3
    kurtosis = np.where(deviation > FLAT, (square * square).mean(axis=1, keepdims=True) / safe**4 - 3, 0)
    return np.concatenate([mean, deviation, skewness, kurtosis], axis=1)


def _entropy(images: Images) -> NDArray[np.float64]:
    """Return the Shannon entropy of 64 grey bins, in bits: 0 for a constant picture, at most 6."""
    bins = np.minimum((images * ENTROPY_BINS).astype(np.int64), ENTROPY_BINS - 1).reshape(len(images), -1)
    shares = np.stack([np.bincount(row, minlength=ENTROPY_BINS) for row in bins]) / bins.shape[1]
    result: NDArray[np.float64] = -(shares * np.log2(np.where(shares > 0, shares, 1))).sum(axis=1)
    return result


def _cells(flat: NDArray[np.float64], cells: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    sizes = np.maximum(np.bincount(cells, minlength=count), 1)
    means = np.stack([np.bincount(cells, row, minlength=count) for row in flat]) / sizes
    squares = np.stack([np.bincount(cells, row * row, minlength=count) for row in flat]) / sizes
    return np.concatenate([means, np.sqrt(np.maximum(squares - means**2, 0))], axis=1)
