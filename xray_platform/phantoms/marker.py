"""Marker: the letter of lead beside the patient, and the edges of the collimator."""

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.body_grid import Field
from xray_platform.phantoms.outline import smooth_step
from xray_platform.phantoms.parameters import Technique

LEAD = 5.0  # attenuation of the letter
LEAK = 0.004  # share of dose that the collimator lets through


def draw_marker(attenuation: Field, technique: Technique) -> None:
    """Add the letter's lead to the attenuation in place."""
    if not technique.marker:
        return
    rows, columns = attenuation.shape
    side = max(int(0.075 * max(rows, columns)), 12)
    stamp = np.zeros((side, side), dtype=np.uint8)
    scale, thick = side / 34, max(round(side / 13), 1)
    (width, height), _ = cv2.getTextSize(technique.marker, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    at = ((side - width) // 2, (side + height) // 2)
    cv2.putText(stamp, technique.marker, at, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thick, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), technique.marker_tilt_degrees, 1.0)
    turned = np.asarray(cv2.warpAffine(stamp, turn, (side, side)), dtype=np.float32)
    top, left = int(technique.marker_at[0] * (rows - side)), int(technique.marker_at[1] * (columns - side))
    attenuation[top : top + side, left : left + side] += turned * np.float32(LEAD / 255)


def opening(shape: tuple[int, ...], technique: Technique, spacing_mm: float) -> tuple[Field, Field]:
    """Return what share of dose the collimator lets through at every row (rows, 1) and column (1, columns)."""
    top, bottom, left, right = (mm / spacing_mm for mm in technique.collimation_mm)
    y, x = np.arange(shape[0], dtype=np.float32), np.arange(shape[1], dtype=np.float32)
    soft = 1.0 / spacing_mm
    down = smooth_step(y - top, soft) * smooth_step(shape[0] - 1 - bottom - y, soft)
    across = smooth_step(x - left, soft) * smooth_step(shape[1] - 1 - right - x, soft)
    return (LEAK + (1 - LEAK) * down)[:, None], (LEAK + (1 - LEAK) * across)[None, :]


def blacken_collimated(pixels: NDArray[np.uint16], down: Field, across: Field) -> None:
    """Blacken in place what the collimator hides, as most makers do."""
    pixels[down[:, 0] < 0.5] = 0
    pixels[:, across[0] < 0.5] = 0
