"""Levels: pictures as repair takes them: depth and channels checked, levels brought to 0 to 255 in float32."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.errors import InputError

Grey = NDArray[np.float32]
"""(rows, columns), levels 0 to 255."""
Colour = NDArray[np.float32]
"""(rows, columns, 3), red, green, blue, levels 0 to 255."""
Mask = NDArray[np.bool_]
SMALLEST, LARGEST = 8, 16_384


@dataclass(frozen=True)
class Depth:
    """How stored values map to levels 0 to 255: the type they are stored in, and the value that is white."""

    dtype: np.dtype[Any]
    white: int

    def to_levels(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """Return levels 0 to 255, exact enough that `to_stored` gives back every stored value."""
        return np.asarray(stored * np.float32(255.0 / self.white), np.float32)

    def to_stored(self, levels: NDArray[np.float32]) -> NDArray[Any]:
        """Return stored values, rounded and clipped to 0 to white."""
        return np.asarray(np.clip(np.rint(levels * (self.white / 255.0)), 0, self.white), self.dtype)


def check_picture(picture: NDArray[Any]) -> Depth:
    """Return the depth of a picture (r, c) or (r, c, 3) of uint8 or uint16.

    White is 255 for 8 bits; for 16 bits the top of the fewest bits that hold the largest value (4095 for a
    12-bit picture). Raises InputError for any other shape or type.
    """
    if picture.dtype not in (np.uint8, np.uint16):
        raise InputError(f"a picture of type {picture.dtype}; allowed are uint8 and uint16")
    if picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] != 3):
        raise InputError(f"a picture of shape {picture.shape}; allowed are (rows, columns) and (rows, columns, 3)")
    if not all(SMALLEST <= side <= LARGEST for side in picture.shape[:2]):
        raise InputError(f"a picture of shape {picture.shape}; each side may be {SMALLEST} to {LARGEST} pixels")
    if picture.dtype == np.uint8:
        return Depth(np.dtype(np.uint8), 255)
    return Depth(np.dtype(np.uint16), 2 ** max(int(picture.max()).bit_length(), 8) - 1)


def has_colour(picture: NDArray[Any]) -> bool:
    """Return whether the channels differ anywhere; three equal channels are a grey picture."""
    return picture.ndim == 3 and not (
        np.array_equal(picture[..., 0], picture[..., 1]) and np.array_equal(picture[..., 0], picture[..., 2])
    )


def grey_of(picture: NDArray[Any]) -> NDArray[Any]:
    """Return the grey array (r, c) of the same type: the channel itself where all are equal, luma otherwise."""
    if picture.ndim == 2:
        return picture
    if not has_colour(picture):
        return np.ascontiguousarray(picture[..., 0])
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), picture.dtype)


def channels_of(picture: NDArray[Any], depth: Depth) -> NDArray[np.float32]:
    """Return levels (r, c, n): one channel for a grey picture, three for a coloured one."""
    levels = depth.to_levels(picture)
    return levels if has_colour(picture) else levels.reshape(*picture.shape[:2], -1)[..., :1]


def to_byte(levels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return levels rounded to uint8, for the OpenCV filters that take nothing else."""
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)
