"""Marker: the lead letter beside the patient, and the edges of the collimator."""

import cv2
import numpy as np

from xray_platform.phantoms.frame import Field
from xray_platform.phantoms.outline import smooth_step
from xray_platform.phantoms.parameters import Technique

LEAD = 2.6


def lead_letter(attenuation: Field, technique: Technique) -> None:
    """Add the letter's lead to the attenuation in place."""
    if not technique.marker:
        return
    rows, columns = attenuation.shape
    side = max(int(0.075 * rows), 12)
    stamp = np.zeros((side, side), dtype=np.uint8)
    scale = side / 34
    (width, height), _ = cv2.getTextSize(technique.marker, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    at = ((side - width) // 2, (side + height) // 2)
    cv2.putText(
        stamp, technique.marker, at, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, max(round(side / 13), 1), cv2.LINE_AA
    )
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), technique.marker_tilt_degrees, 1.0)
    stamp = cv2.warpAffine(stamp, turn, (side, side))
    top = int(technique.marker_at[0] * (rows - side))
    left = int(technique.marker_at[1] * (columns - side))
    attenuation[top : top + side, left : left + side] += stamp.astype(np.float32) * (LEAD / 255)


def collimate(dose: Field, technique: Technique, spacing_mm: float) -> None:
    """Darken the dose outside the collimator in place; its edge is a soft line of some mm."""
    rows, columns = dose.shape
    top, bottom, left, right = (mm / spacing_mm for mm in technique.collimation_mm)
    y, x = np.arange(rows, dtype=np.float32), np.arange(columns, dtype=np.float32)
    soft = 1.2 / spacing_mm
    down = smooth_step(y - top, soft) * smooth_step(rows - 1 - bottom - y, soft)
    across = smooth_step(x - left, soft) * smooth_step(columns - 1 - right - x, soft)
    dose *= 0.004 + 0.996 * down[:, None]
    dose *= 0.004 + 0.996 * across[None, :]
