"""Luminance: change the brightness of a colour picture by a step made for grey ones; its hues stay."""

import cv2
import numpy as np

from xray_platform.errors import InputError
from xray_platform.imaging.pixel_range import Pixels, Window
from xray_platform.imaging.step import StepSettings

CHANNELS = 3


def change_luminance(colour: Pixels, step: StepSettings, window: Window | None = None) -> Pixels:
    """Return a colour picture (rows, columns, 3: red, green, blue) with `step` done to its luminance only.

    Takes and gives uint16 or uint8 over the full range; bytes are widened to 16 bits for the step. The luminance is
    Y of ITU-R BT.601 (OpenCV's YCrCb). Raises InputError for any other array or a step that changes the size.
    """
    if colour.ndim != CHANNELS or colour.shape[2] != CHANNELS or colour.dtype not in (np.uint8, np.uint16):
        raise InputError(
            f"found {colour.dtype} of shape {colour.shape}; a colour picture is uint8 or uint16 (rows, columns, 3)"
        )
    wide = colour.astype(np.uint16) * np.uint16(257) if colour.dtype == np.uint8 else colour
    parts = cv2.cvtColor(wide, cv2.COLOR_RGB2YCrCb)
    changed = step.apply(np.ascontiguousarray(parts[..., 0]), window)
    if changed.shape != colour.shape[:2] or changed.dtype != np.uint16:
        raise InputError(f"the step gives {changed.dtype} of shape {changed.shape}; the luminance must keep its form")
    parts[..., 0] = changed
    back: Pixels = cv2.cvtColor(parts, cv2.COLOR_YCrCb2RGB)
    return np.rint(back / 257).astype(np.uint8) if colour.dtype == np.uint8 else back
