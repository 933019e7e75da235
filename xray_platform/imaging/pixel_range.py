"""Pixel range: the dtype and the lowest and highest value of a picture between two steps.

A recipe whose steps do not fit together is refused by it before any picture is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_platform.errors import InputError

Pixels = NDArray[Any]
Window = tuple[float, float]


@dataclass(frozen=True)
class PixelRange:
    """What the numbers of a picture mean: `dtype`, lowest and highest value (None: unbounded) and a name."""

    name: str
    dtype: str
    low: float | None
    high: float | None

    def __str__(self) -> str:
        reach = "unbounded" if self.low is None else f"{self.low:g} to {self.high:g}"
        return f"{self.name} ({self.dtype}, {reach})"

    def holds(self, pixels: Pixels) -> bool:
        """Say whether an array has this dtype and lies in this range."""
        if pixels.dtype != np.dtype(self.dtype):
            return False
        if self.dtype.startswith("uint") or pixels.size == 0:
            return True
        if self.low is None or self.high is None:
            return bool(np.isfinite(pixels).all())
        return bool(pixels.min() >= self.low and pixels.max() <= self.high)


STORED = PixelRange("stored values", "uint16", 0, 65535)
FULL = PixelRange("full range", "uint16", 0, 65535)
UNIT = PixelRange("unit range", "float32", 0, 1)
BYTE = PixelRange("bytes", "uint8", 0, 255)
SCORES = PixelRange("standard scores", "float32", None, None)
IMAGENET = PixelRange("ImageNet scores of three equal channels", "float32", None, None)

SPAN = {"uint16": 65535.0, "uint8": 255.0, "float32": 1.0}


def picture(pixels: Pixels) -> Pixels:
    """Return `pixels` unchanged where they are a picture: (rows, columns), at least 1 x 1.

    Raises InputError for any other shape.
    """
    if pixels.ndim != 2 or min(pixels.shape) < 1:
        raise InputError(f"found an array of shape {pixels.shape}; a picture has rows and columns, at least 1 x 1")
    return pixels


def check_pixels(pixels: Pixels, ranges: Sequence[PixelRange]) -> Pixels:
    """Return `pixels` unchanged where they are a picture in one of these ranges.

    Raises InputError, with what was found, for another shape or dtype and for NaN, infinite or outlying values.
    """
    if any(pixel_range.holds(pixels) for pixel_range in ranges):
        return picture(pixels)
    found = str(pixels.dtype)
    if pixels.dtype.kind == "f" and pixels.size:
        whole = np.isfinite(pixels).all()
        found += f" from {pixels.min():g} to {pixels.max():g}" if whole else " with NaN or infinite values"
    raise InputError(f"found {found}; this takes {' or '.join(map(str, ranges))}")
