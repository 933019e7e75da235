"""Thumbnail: a small rendering of a standard image, enough for rules that look at the whole."""

from typing import Any

import cv2
import numpy as np

from xray_platform.dicom.pixels.standard_image import StandardImage

Thumbnail = np.ndarray[Any, np.dtype[np.float32]]
SIDE = 256
MARKER_SIDE = 224
"""At this side letters of a thirtieth of it can be read."""


def make_thumbnail(picture: StandardImage, side: int = SIDE) -> Thumbnail:
    """Return the picture as float32 in [0, 1] by its window, its longer side at most `side` pixels, area means."""
    rows, columns = picture.pixels.shape
    scale = min(side / max(rows, columns), 1.0)
    size = (max(round(columns * scale), 1), max(round(rows * scale), 1))
    small = cv2.resize(picture.pixels, size, interpolation=cv2.INTER_AREA) if scale < 1 else picture.pixels
    span = np.float32(max(picture.window_high - picture.window_low, 1.0))
    clipped: Thumbnail = np.clip((small.astype(np.float32) - np.float32(picture.window_low)) / span, 0, 1)
    return clipped
