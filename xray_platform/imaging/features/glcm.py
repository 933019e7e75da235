"""GLCM: what grey values stand next to each other (Haralick, Shanmugam, Dinstein, 1973), as six descriptors."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.errors import InputError
from xray_platform.image_stack import Images
from xray_platform.imaging.features.feature import FeatureMatrix, FeatureSettings
from xray_platform.imaging.features.grid import count_codes
from xray_platform.imaging.step import Shape

ANGLES = {0: (0, 1), 45: (-1, 1), 90: (-1, 0), 135: (-1, -1)}  # degrees: (rows, columns) to the neighbour
DESCRIPTORS = ("contrast", "dissimilarity", "homogeneity", "energy", "correlation", "entropy_bits")
FLAT = 1e-12


class GlcmSettings(FeatureSettings):
    """Symmetric, normalised co-occurrence at distances 1, 2, 4, … and four angles; correlation is 1 where all is even.

    A diagonal neighbour at distance d lies d rows and d columns away.
    """

    kind: Literal["glcm"] = Field("glcm", description="which feature this is")
    levels: int = Field(32, ge=2, le=256, description="grey levels that are told apart")
    distances: int = Field(3, ge=1, le=8, description="how many distances: 1, 2, 4, … pixels")

    def shape(self, picture: Shape) -> Shape:  # noqa: ARG002 - the settings decide
        return self.distances, len(ANGLES), len(DESCRIPTORS)

    def names(self, picture: Shape) -> list[str]:  # noqa: ARG002 - the settings decide
        return [f"glcm_distance{d}_angle{a}_{name}" for d in self._steps() for a in ANGLES for name in DESCRIPTORS]

    def compute(self, images: Images) -> FeatureMatrix:
        farthest = self._steps()[-1]
        if farthest >= min(images.shape[1:]):
            raise InputError(f"neighbours {farthest} pixels away do not fit into pictures of {images.shape[1:]}")
        greys = np.minimum((images * self.levels).astype(np.int64), self.levels - 1)
        offsets = [(d * dy, d * dx) for d in self._steps() for dy, dx in ANGLES.values()]
        pairs = np.stack([_pairs(greys, dy, dx, self.levels) for dy, dx in offsets], axis=1)
        return _describe(pairs).reshape(len(images), -1).astype(np.float32)

    def _steps(self) -> list[int]:
        return [2**n for n in range(self.distances)]

    def describe(self) -> str:
        return (
            f"co-occurrence of {self.levels} grey levels at distances {', '.join(map(str, self._steps()))} "
            f"and four angles: {', '.join(DESCRIPTORS)}"
        )


def _pairs(greys: NDArray[np.int64], dy: int, dx: int, levels: int) -> NDArray[np.float64]:
    """Return how often grey a stands dy, dx from grey b or b from a, as shares: (N, levels, levels)."""
    rows, columns = greys.shape[1:]
    here = greys[:, max(-dy, 0) : rows - max(dy, 0), max(-dx, 0) : columns - max(dx, 0)]
    there = greys[:, max(dy, 0) : rows - max(-dy, 0), max(dx, 0) : columns - max(-dx, 0)]
    counts = count_codes(here * levels + there, levels**2).reshape(-1, levels, levels)
    return np.asarray((counts + counts.transpose(0, 2, 1)) / (2 * here[0].size), np.float64)


def _describe(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the six descriptors of each matrix: (..., levels, levels) to (..., 6)."""
    level = np.arange(pairs.shape[-1], dtype=np.float64)
    away = level[:, None] - level
    share = pairs.sum(axis=-1)
    mean = (share * level).sum(axis=-1)
    variance = (share * level**2).sum(axis=-1) - mean**2
    product = np.einsum("...ij,i,j->...", pairs, level, level, optimize=True)
    safe = np.where(variance > FLAT, variance, 1)
    correlation = np.where(variance > FLAT, (product - mean**2) / safe, 1)
    contrast, dissimilarity, homogeneity = (
        np.tensordot(pairs, weight, axes=2) for weight in (away**2, np.abs(away), 1 / (1 + away**2))
    )
    energy = np.sqrt((pairs**2).sum(axis=(-2, -1)))
    entropy = -(pairs * np.log2(np.where(pairs > 0, pairs, 1))).sum(axis=(-2, -1))
    return np.stack([contrast, dissimilarity, homogeneity, energy, correlation, entropy], axis=-1)
