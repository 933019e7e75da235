"""Fill: give pixels the grey that those around them go over into, from the coarse to the fine, and their grain."""

from typing import Any

import cv2
import numpy as np

from xray_platform.dicom.burned_in.lines import Cover
from xray_platform.dicom.pixels.decode import Pixels

SEAM = 2  # pixels around a place that are not looked at: letters glow
LEAST_AROUND = 8  # pixels around a place that are looked at
SMOOTHINGS = 3
_Layer = np.ndarray[Any, np.dtype[np.float32]]


def filled(values: Pixels, cover: Cover) -> Pixels:
    """Return a copy of grey values (rows, columns) in which places (`cover`: 1) are filled from their surroundings.

    Nothing of what was there remains: only pixels beside the places, a seam left out, are looked at. Where there are
    none the least value is taken.
    """
    made = values.copy()
    hidden = cv2.dilate(cover, np.ones((2 * SEAM + 1, 2 * SEAM + 1), np.uint8))
    shown = values[hidden == 0] if not hidden.all() else values.min(keepdims=True)
    least, most = shown.min(), shown.max()
    count, _, boxes, _ = cv2.connectedComponentsWithStats(hidden)
    for left, top, wide, high, _ in boxes[1:count]:
        more = max(min(wide, high), LEAST_AROUND)
        part = (slice(max(top - more, 0), top + high + more), slice(max(left - more, 0), left + wide + more))
        here, known = values[part].astype(np.float32), hidden[part] == 0
        drawn = _smooth(here, known.astype(np.float32), least) + _grain(here, known)
        into = cover[part] > 0
        made[part][into] = np.clip(np.round(drawn[into]), least, most).astype(values.dtype)
    return made


def _grain(values: _Layer, known: np.ndarray[Any, np.dtype[np.bool_]]) -> _Layer:
    """Return chance of the strength that neighbours differ by: an even patch in grain has edges like writing."""
    steps = np.diff(values)[known[:, 1:] & known[:, :-1]]
    strength = 1.05 * float(np.median(np.abs(steps - np.median(steps)))) if steps.size else 0.0  # 1.48 / sqrt 2
    return np.asarray(np.random.default_rng(0).normal(0, strength, values.shape), np.float32)


def _smooth(values: _Layer, known: _Layer, otherwise: float) -> _Layer:
    """Return values with unknown ones (`known`: 0) taken from the same picture at half the size, and so on."""
    if known.all():
        return values
    if not known.any():
        return np.full_like(values, otherwise)
    size = (-(-values.shape[1] // 2), -(-values.shape[0] // 2))
    weight, total = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (known, values * known))
    half = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
    coarse = _smooth(np.asarray(half, np.float32), np.asarray(weight > 0, np.float32), otherwise)
    larger = cv2.resize(coarse, values.shape[::-1], interpolation=cv2.INTER_LINEAR)
    made = np.where(known > 0, values, larger).astype(np.float32)
    for _ in range(SMOOTHINGS):  # takes the steps of the coarse picture away
        made = np.where(known > 0, values, cv2.GaussianBlur(made, (0, 0), 1.0)).astype(np.float32)
    return made
