"""Border: measure how much of a picture is flat border, such as a collimator's shadow or a filled-in frame."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from xray_platform.dicom.pixels.thumbnail import Thumbnail

FLAT = 0.02


@dataclass(frozen=True)
class Border:
    """How many rows and columns at each side are flat, as shares of height and width from 0 to 1."""

    top: float
    bottom: float
    left: float
    right: float

    @property
    def share(self) -> float:
        """Share of the picture's area that is border."""
        return 1 - (1 - self.top - self.bottom) * (1 - self.left - self.right)


def flat_border(small: Thumbnail) -> Border:
    """Return the flat border of a picture (rows, columns) in [0, 1]: lines in which values spread less than 2 %."""
    rows = _ends(np.ptp(small, axis=1) < FLAT)
    columns = _ends(np.ptp(small, axis=0) < FLAT)
    return Border(*rows, *columns)


def _ends(flat: np.ndarray[Any, np.dtype[np.bool_]]) -> tuple[float, float]:
    """Return which share of lines is flat from the first on, and from the last back."""
    full = np.flatnonzero(~flat)
    if not full.size:
        return 1.0, 0.0
    return float(full[0]) / len(flat), float(len(flat) - 1 - full[-1]) / len(flat)
