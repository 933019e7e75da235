"""Rounding: how a prepared picture is rounded for the store, and read back; serving rounds alike, without zarr."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.pixel_range import SCORES, SPAN, UNIT, PixelRange, Pixels

SCORE_LIMIT = np.float32(4)
"""Standard scores that models see as black and white."""


def stored_dtype(pixel_range: PixelRange) -> str:
    """Return the dtype in which pictures of a range are stored: [0, 1] as uint16, for float16 has too few levels."""
    if pixel_range == UNIT:
        return "uint16"
    return "float16" if pixel_range.dtype == "float32" else pixel_range.dtype


def to_storage(pixels: Pixels, pixel_range: PixelRange) -> Pixels:
    """Return a prepared picture of this range as it is stored."""
    scaled = np.rint(pixels * np.float32(SPAN["uint16"])) if pixel_range == UNIT else pixels
    return scaled.astype(stored_dtype(pixel_range), copy=False)


def from_storage(stored: Pixels) -> NDArray[np.float32]:
    """Return a stored picture as models see it: integers in [0, 1] (black to white), other numbers as they are."""
    read: NDArray[np.float32] = np.multiply(stored, read_scale(stored.dtype), dtype=np.float32)
    return read


def read_scale(dtype: np.dtype[Any]) -> np.float32:
    """Return by what stored numbers of a dtype are multiplied when they are read."""
    return np.float32(1.0 / SPAN.get(dtype.name, 1.0))


def stored_meaning(pixel_range: PixelRange) -> str:
    """Say what the stored numbers mean, for who reads them without this package."""
    top = SPAN.get(stored_dtype(pixel_range))
    return "the numbers themselves" if top is None else f"0 is black, {top:g} is white"


def as_model_input(read: NDArray[np.float32], pixel_range: PixelRange) -> NDArray[np.float32]:
    """Return pictures that were read from storage as models take them: [0, 1] as it is, standard scores brought there.

    Scores of -4 become 0, those of 4 become 1; what is further out, some ten-thousandths of a picture, is cut off.
    """
    if pixel_range != SCORES:
        return read
    brought: NDArray[np.float32] = np.clip(read / (2 * SCORE_LIMIT) + np.float32(0.5), 0, 1)
    return brought


def for_display(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what models see as grey pictures to look at, (N, rows, columns) in [0, 1]; scores are stretched."""
    grey = pictures[:, 0] if pictures.ndim == 4 else pictures
    if not grey.size or (grey.min() >= 0 and grey.max() <= 1):
        return grey
    low, high = (limit(axis=(1, 2), keepdims=True) for limit in (grey.min, grey.max))
    return np.asarray((grey - low) / np.maximum(high - low, 1e-6), np.float32)
