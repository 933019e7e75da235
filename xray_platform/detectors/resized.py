"""Resized: pictures and maps at the side that a detector works with, and back."""

import cv2
import numpy as np
from numpy.typing import NDArray

Stack = NDArray[np.float32]


def resized(images: Stack, side: int) -> Stack:
    """Return pictures (N, S, S) as (N, side, side) float32: averaged over areas to shrink, linear to enlarge."""
    if images.shape[1] == side:
        return images
    way = cv2.INTER_AREA if side < images.shape[1] else cv2.INTER_LINEAR
    out = np.empty((len(images), side, side), np.float32)
    for number, image in enumerate(images):
        out[number] = cv2.resize(image, (side, side), interpolation=way)
    return out
