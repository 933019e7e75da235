"""Tone: grey values of any kind as 8 bits, so that writing stands out by the same however a picture is stored."""

from typing import Any

import cv2
import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Grey = np.ndarray[Any, np.dtype[np.uint8]]
ENDS = 12
"""Grey levels (of 256) at each end for what lies beyond the percentiles: writing in a flat black or white is there."""
_LEVELS = 1 << 16


def eight_bits(values: Array) -> Grey:
    """Return grey values of any whole kind (rows, columns) as uint8.

    The 0.1 to 99.9 percentiles are spread over most of the range; what lies beyond is squeezed into its ends, not cut,
    so that writing that is brighter than all else still stands out of white.
    """
    stored = _from_zero(values)
    step = max(1, min(stored.shape) // 256)
    least, low, high, most = _marks(stored, stored[::step, ::step])
    marks = [least, low, high, most]
    slope = 255 / max(high - low, 1)  # ends are no steeper than the rest: the grain of a white frame is no writing
    levels = [0, min(ENDS, slope * (low - least)), 255 - min(ENDS, slope * (most - high)), 255]
    table = np.round(np.interp(np.arange(_LEVELS), marks, levels)).astype(np.uint8)
    # OpenCV looks up 16-bit values in a quarter of NumPy's time
    return np.asarray(cv2.LUT(stored, table if stored.dtype == np.uint16 else table[:256]), np.uint8)


def _from_zero(values: Array) -> Array:
    """Return values as uint8 or uint16: signed and larger ones moved, and scaled where they spread too wide."""
    if values.dtype in (np.uint8, np.uint16):
        return np.ascontiguousarray(values)
    moved = values.astype(np.int64) - int(values.min())
    spread = int(moved.max())
    return (moved if spread < _LEVELS else moved * (_LEVELS - 1) // spread).astype(np.uint16)


def _marks(stored: Array, sample: Array) -> tuple[int, int, int, int]:
    """Return the least value, the two percentiles of a sample (or the ends where these are one), and the greatest."""
    least, most = int(stored.min()), int(stored.max())
    shares = np.cumsum(np.bincount(sample.ravel())) / sample.size
    low, high = (int(each) for each in np.searchsorted(shares, (0.001, 0.999)))
    return (least, low, high, most) if high > low else (least, least, most, most)
