"""Symmetry: how far the axis of a chest is tilted, found by comparing the picture with its mirror image."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.pixel_range import Pixels

WORKING_SIDE = 96  # the longer side of the picture that is looked at, in pixels
ANGLES = np.arange(-12.0, 12.5, 1.0)  # tried, in degrees
LEAST_SIDE = 16  # smaller pictures have no axis


@dataclass(frozen=True)
class SymmetryRegion:
    """A part of the picture, as shares of its sides, and the size of the details compared there, in pixels."""

    detail: float
    top: float = 0.0
    bottom: float = 1.0
    width: float = 1.0


@dataclass(frozen=True)
class Tilt:
    """The rotation (degrees, counter-clockwise) that makes the chest upright, and how far the estimates differ."""

    degrees: float
    spread: float


REGIONS = (
    SymmetryRegion(8),
    SymmetryRegion(4),
    SymmetryRegion(8, bottom=0.65),
    SymmetryRegion(8, top=0.05, bottom=0.75, width=0.8),
)
NO_AXIS = Tilt(0.0, float(2 * ANGLES[-1]))


def tilt(pixels: Pixels) -> Tilt:
    """Estimate the tilt of a frontal chest picture of any dtype.

    For each angle the picture is turned and correlated with its own mirror image at every horizontal shift, details
    being brought to equal contrast first. Heart, stomach and devices are not symmetric, so four estimates of different
    details and parts are taken: their median is the tilt, their range its spread.
    """
    small = _small(pixels)
    if min(small.shape) < LEAST_SIDE or np.ptp(small) == 0:
        return NO_AXIS
    turned = {detail: _turned(_even_contrast(small, detail)) for detail in {region.detail for region in REGIONS}}
    angles = [_best_angle(turned[region.detail], region) for region in REGIONS]
    return Tilt(float(np.median(angles)), float(np.ptp(angles)))


def _small(pixels: Pixels) -> NDArray[np.float32]:
    scale = min(WORKING_SIDE / max(pixels.shape), 1.0)
    size = [max(round(length * scale), 1) for length in pixels.shape]
    return cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_AREA).reshape(size).astype(np.float32)


def _even_contrast(small: NDArray[np.float32], detail: float) -> NDArray[np.float32]:
    """Return details of a size with the same contrast everywhere."""
    away = small - cv2.GaussianBlur(small, (0, 0), detail)
    deviation = np.sqrt(cv2.GaussianBlur(away * away, (0, 0), detail))
    return np.asarray(away / (deviation + 1e-3 * np.ptp(small)), np.float32)


def _turned(small: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the picture turned by each angle: (angles, rows, columns)."""
    rows, columns = small.shape
    centre = (columns - 1) / 2, (rows - 1) / 2
    matrices = [cv2.getRotationMatrix2D(centre, float(angle), 1.0) for angle in ANGLES]
    return np.stack([cv2.warpAffine(small, m, (columns, rows), borderMode=cv2.BORDER_REPLICATE) for m in matrices])


def _best_angle(turned: NDArray[np.float32], region: SymmetryRegion) -> float:
    """Return the angle at which the part looked at is most like its mirror image, between the tried ones too."""
    _, rows, columns = turned.shape
    part = turned * _weights(rows, columns, region)
    spectrum = np.fft.rfft(part, 2 * columns, axis=2)
    mirrored = np.fft.irfft((spectrum * spectrum).sum(axis=1), 2 * columns, axis=1)
    correlation = mirrored[:, int(0.7 * columns) : int(1.3 * columns)].max(axis=1) / (part * part).sum(axis=(1, 2))
    best = int(correlation.argmax())
    return float(ANGLES[best]) + _between(correlation, best)


def _weights(rows: int, columns: int, region: SymmetryRegion) -> NDArray[np.float32]:
    y, x = np.linspace(0, 1, rows), np.linspace(-1, 1, columns)
    down = np.sin(np.pi * np.clip((y - region.top) / (region.bottom - region.top), 0, 1))
    across = np.cos(np.pi / 2 * np.clip(x / region.width, -1, 1))
    return np.outer(down, across).astype(np.float32)


def _between(correlation: NDArray[np.floating], best: int) -> float:
    """Return where the parabola through the best angle and its neighbours peaks, in steps from the best."""
    if not 0 < best < len(correlation) - 1:
        return 0.0
    before, here, after = correlation[best - 1 : best + 2]
    return float(0.5 * (before - after) / (before - 2 * here + after))
