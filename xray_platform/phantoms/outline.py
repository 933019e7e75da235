"""Outline: smooth borders given by a few points, and chords through rounded bodies."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from xray_platform.phantoms.body_grid import Field

Knots = tuple[tuple[float, float], ...]


@lru_cache(maxsize=64)
def _curve(points: Knots) -> PchipInterpolator:
    position, value = np.array(points, dtype=float).T
    return PchipInterpolator(position, value)


def border(points: Knots, at: NDArray[np.floating]) -> Field:
    """Return a smooth curve through (position, value) points without overshoot, held constant beyond its ends."""
    return np.asarray(_curve(points)(np.clip(at, points[0][0], points[-1][0])), dtype=np.float32)


def bent(points: NDArray[np.floating], count: int) -> NDArray[np.float64]:
    """Return `count` points of a smooth line through the given points (n, d)."""
    at = np.linspace(0, len(points) - 1, count)
    return np.asarray(PchipInterpolator(np.arange(len(points)), points)(at), dtype=np.float64)


def chord(inside: Field, radius: Field | float) -> Field:
    """Return in [0, 1] how thick a rounded body is `inside` mm within its border: a quarter circle up to `radius`."""
    u = np.clip(inside / radius, 0, 1)
    return np.asarray(np.sqrt(u * (2 - u)), dtype=np.float32)


def smooth_step(value: Field, width: float) -> Field:
    """Return 0 below -width, 1 above +width, and a smooth way between."""
    u = np.clip(value / (2 * width) + 0.5, 0, 1)
    return np.asarray(u * u * (3 - 2 * u), dtype=np.float32)
