"""Exposure: how much of the scale a picture's levels fill, and stretching a picture that fills too little."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.repair.levels import Grey, Mask

ENDS = (0.5, 99.5)
"""Percentiles that count as a picture's darkest and brightest level."""


@dataclass(frozen=True)
class Exposure:
    """Darkest and brightest level of a picture, 0 to 255."""

    low: float
    high: float

    @property
    def span(self) -> float:
        """Share of the scale between them."""
        return (self.high - self.low) / 255.0


def measure_exposure(levels: NDArray[np.float32], usable: Mask) -> Exposure:
    """Return the exposure of the usable pixels of a picture (r, c, n; levels 0 to 255), by its brightest channel."""
    if not usable.any():
        return Exposure(0.0, 255.0)
    low, high = np.percentile(levels[usable].max(axis=1), ENDS)
    return Exposure(float(low), float(high))


def stretch(grey: Grey, exposure: Exposure) -> Grey:
    """Return the picture with its darkest level at 0 and its brightest at 255, linear between."""
    span = max(exposure.high - exposure.low, 1.0)
    return np.asarray(np.clip((grey - exposure.low) * (255.0 / span), 0, 255), np.float32)
