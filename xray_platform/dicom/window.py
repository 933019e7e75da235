"""Window: choose the grey values between which a picture is told apart: by percentiles, or as the file records."""

from dataclasses import dataclass
from typing import Any

import numpy as np

Image = np.ndarray[Any, np.dtype[np.uint16]]


@dataclass(frozen=True)
class WindowRule:
    """How the window is chosen: percentiles of the unpadded pixels, or what the file records where it does."""

    low_percent: float = 0.5
    high_percent: float = 99.5
    recorded: bool = False


@dataclass(frozen=True)
class Measured:
    """Two percentiles of a picture, and how many distinct grey values it holds."""

    low: float
    high: float
    grey_levels: int


def measure(pixels: Image, rule: WindowRule = WindowRule()) -> Measured:
    """Return the percentiles of uint16 pixels of any shape, from one histogram; of no pixels, 0 to 0."""
    if not pixels.size:
        return Measured(0.0, 0.0, 1)
    counts = np.bincount(pixels.ravel())
    below = np.cumsum(counts)
    marks = np.searchsorted(below, np.asarray([rule.low_percent, rule.high_percent]) / 100 * pixels.size)
    low, high = np.minimum(marks, len(counts) - 1)
    return Measured(float(low), float(high), int(np.count_nonzero(counts)))
