"""Rectify: bring a picture that lies rotated or in perspective back to an upright rectangle."""

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.repair.levels import Grey, Mask
from xray_platform.imaging.repair.outline import Outline

ALIKE = 0.06
"""Aspects that differ by less count as the same: a warp changes the lengths of the sides by a few per cent."""


def rectified_shape(outline: Outline) -> tuple[int, int]:
    """Return rows and columns of the upright picture.

    They are the canvas's where its aspect is about that of the outline (a picture that was warped within its frame
    comes back to the size it had), otherwise the mean lengths of the outline's opposite sides.
    """
    top, right, bottom, left = np.linalg.norm(np.roll(outline.points, -1, axis=0) - outline.points, axis=1)
    wide, high = float(top + bottom) / 2, float(left + right) / 2
    rows, columns = outline.canvas
    if abs(np.log((wide / high) / (columns / rows))) < ALIKE:
        return outline.canvas
    return max(round(high), 8), max(round(wide), 8)


def rectify(grey: Grey, outline: Outline, shape: tuple[int, int]) -> Grey:
    """Return what lies inside the outline as rows x columns, by bicubic interpolation; levels stay in 0 to 255."""
    upright = cv2.warpPerspective(
        grey, _matrix(outline, shape), shape[::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.clip(upright, 0, 255).astype(np.float32)


def rectify_mask(mask: Mask, outline: Outline, shape: tuple[int, int]) -> Mask:
    """Return a mask brought along: true wherever any of it falls."""
    share = cv2.warpPerspective(
        mask.astype(np.float32), _matrix(outline, shape), shape[::-1], flags=cv2.INTER_LINEAR, borderValue=0
    )
    return np.asarray(share > 0.01)


def cut_off(outline: Outline, shape: tuple[int, int]) -> Mask:
    """Return where the upright picture has nothing because its corners lay beyond the canvas."""
    there = cv2.warpPerspective(
        np.ones(outline.canvas, np.float32), _matrix(outline, shape), shape[::-1], flags=cv2.INTER_LINEAR, borderValue=0
    )
    return np.asarray(there < 0.5)


def _matrix(outline: Outline, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return the homography that takes the outline to the outer edges of the corner pixels."""
    rows, columns = shape
    edges = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32) - np.float32(0.5)
    return np.asarray(cv2.getPerspectiveTransform(outline.points.astype(np.float32), edges), np.float64)
