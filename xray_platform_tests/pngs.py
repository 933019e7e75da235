"""PNGs: read one back."""

from typing import Any

import cv2
import numpy as np


def grey_of(png: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return the values of a PNG as they stand in it."""
    values = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert values is not None
    assert values.dtype == np.uint8
    return np.asarray(values, np.uint8)
