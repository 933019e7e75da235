"""Statistics: mean, spread, shape and percentiles of the grey values, of the whole picture and in cells of a grid."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.image_stack import Images
from xray_platform.imaging.features.feature import FeatureMatrix, FeatureSettings
from xray_platform.imaging.features.grid import cell_names, count_codes, pool
from xray_platform.imaging.step import Shape

PERCENTS = (1, 5, 25, 50, 75, 95, 99)
MOMENTS = ("mean", "deviation", "skewness", "kurtosis", "entropy_bits")
ENTROPY_BINS = 64
FLAT = 1e-6  # a deviation below this is rounding: skewness and kurtosis are then 0


class StatisticsSettings(FeatureSettings):
    """Intensity statistics; skewness and excess kurtosis are 0 for a constant picture."""

    kind: Literal["statistics"] = Field("statistics", description="which feature this is")
    grid: int = Field(4, ge=1, le=32, description="cells down and across with a mean and a deviation of their own")

    def shape(self, picture: Shape) -> Shape:  # noqa: ARG002 - the grid decides
        return (len(MOMENTS) + len(PERCENTS) + 2 * self.grid**2,)

    def names(self, picture: Shape) -> list[str]:  # noqa: ARG002 - the grid decides
        cells = cell_names("statistics", self.grid)
        whole = [f"statistics_{name}" for name in (*MOMENTS, *(f"percentile{p}" for p in PERCENTS))]
        return [*whole, *(f"{cell}_mean" for cell in cells), *(f"{cell}_deviation" for cell in cells)]

    def compute(self, images: Images) -> FeatureMatrix:
        flat = images.reshape(len(images), -1).astype(np.float64)
        parts = (
            _moments(flat),
            _entropy(images)[:, None],
            _percentiles(images),
            _cells(flat.reshape(images.shape), self.grid),
        )
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


def _percentiles(images: Images) -> NDArray[np.float64]:
    """Return the percentiles, linear between pixels: NumPy's, from a sort, which is faster for several of them."""
    ordered = np.sort(images.reshape(len(images), -1), axis=1)
    places = np.asarray(PERCENTS) / 100 * (ordered.shape[1] - 1)
    below = places.astype(np.int64)
    above = np.minimum(below + 1, ordered.shape[1] - 1)
    low, high = ordered[:, below].astype(np.float64), ordered[:, above]
    return np.asarray(low + (high - low) * (places - below), np.float64)


def _entropy(images: Images) -> NDArray[np.float64]:
    """Return the Shannon entropy of 64 grey bins, in bits: 0 for a constant picture, at most 6."""
    bins = np.minimum((images * ENTROPY_BINS).astype(np.int64), ENTROPY_BINS - 1)
    shares = count_codes(bins, ENTROPY_BINS) / bins[0].size
    result: NDArray[np.float64] = -(shares * np.log2(np.where(shares > 0, shares, 1))).sum(axis=1)
    return result


def _cells(images: NDArray[np.float64], grid: int) -> NDArray[np.float64]:
    mean = pool(images, grid)
    deviation = np.sqrt(np.maximum(pool(images * images, grid) - mean**2, 0))
    return np.concatenate([mean, deviation], axis=1).reshape(len(images), -1)
