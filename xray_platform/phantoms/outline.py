"""Outline: smooth borders given by a few points, and chords through rounded bodies."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from xray_platform.phantoms.frame import Field

Points = Sequence[tuple[float, float]]


def border(points: Points, at: NDArray[np.floating]) -> Field:
    """Return a smooth curve through (position, value) points without overshoot, held constant beyond its ends."""
    position, value = np.array(points, dtype=float).T
    curve = PchipInterpolator(position, value)
    return np.asarray(curve(np.clip(at, position[0], position[-1])), dtype=np.float32)


def chord(inside: Field, radius: Field | float) -> Field:
    """Return in [0, 1] how thick a rounded body is `inside` mm within its border: a quarter circle up to `radius`."""
    u = np.clip(inside / radius, 0, 1)
    return np.asarray(np.sqrt(u * (2 - u)), dtype=np.float32)


def smooth_step(value: Field, width: float) -> Field:
    """Return 0 below -width, 1 above +width, and a smooth way between."""
    u = np.clip(value / (2 * width) + 0.5, 0, 1)
    return np.asarray(u * u * (3 - 2 * u), dtype=np.float32)
