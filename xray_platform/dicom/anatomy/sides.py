"""Sides: what differs between a chest and its mirror image, about its own axis: heart, arch, stomach, diaphragms."""

import cv2
import numpy as np

from xray_platform.dicom.anatomy.gradients import Values
from xray_platform.dicom.pixels.thumbnail import Thumbnail

SIDE, COARSE = 64, 24
MIDDLE = slice(12, 52)
FURTHEST = 10  # of the axis from the middle, in pixels of the small picture
LENGTH = COARSE * COARSE
_WEIGHT = np.float32(0.3)


def differences(small: Thumbnail) -> Values:
    """Return how a picture (rows, columns) in [0, 1] differs from its mirror image: (576,), negated when mirrored.

    Grey values, and details brought to equal contrast, on a grid of 24 x 12 (left half minus right half).
    """
    square = np.asarray(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float32)
    centred = np.roll(square, -_axis(_even_contrast(square, 8)), 1)
    grey = _coarse(centred)
    grey = (grey - grey.mean()) / (grey.std() + np.float32(0.05))
    detail = _coarse(_even_contrast(centred, 10))
    half = COARSE // 2
    parts = [(each - each[:, ::-1])[:, :half].ravel() for each in (grey, detail)]
    return np.asarray(np.concatenate(parts) * _WEIGHT, np.float32)


def _coarse(square: Thumbnail) -> Thumbnail:
    return np.asarray(cv2.resize(square, (COARSE, COARSE), interpolation=cv2.INTER_AREA), np.float32)


def _even_contrast(square: Thumbnail, reach: float) -> Thumbnail:
    away = square - cv2.GaussianBlur(square, (0, 0), reach)
    spread = np.sqrt(cv2.GaussianBlur(away * away, (0, 0), reach))
    return np.asarray(away / (spread + np.float32(0.03)), np.float32)


def _axis(even: Thumbnail) -> int:
    """Return by how many columns the axis of symmetry lies right of the middle (about, in half steps rounded down)."""
    mirrored = even[:, ::-1]
    shifts = range(-FURTHEST, FURTHEST + 1)
    likeness = [float((np.roll(mirrored, shift, 1) * even)[:, MIDDLE].sum()) for shift in shifts]
    return shifts[int(np.argmax(likeness))] // 2
