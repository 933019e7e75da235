"""A drawn chest with known lungs, tilt and borders, for the tests of geometry."""

import cv2
import numpy as np

from xray_platform.imaging.crop_box import CropBox
from xray_platform.imaging.pixel_range import Pixels


def draw_chest(rows: int = 320, columns: int = 300, seed: int = 0) -> tuple[Pixels, CropBox]:
    """Return a chest of ellipses in 16 bits (dark air, bright body, dark lungs, a heart) and the box of its lungs."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:columns] / np.array([rows, columns])[:, None, None]
    body = ((x - 0.5) / 0.46) ** 2 + ((y - 0.75) / 0.72) ** 2 < 1
    right = ((x - 0.3) / 0.14) ** 2 + ((y - 0.48) / 0.27) ** 2 < 1
    left = ((x - 0.7) / 0.14) ** 2 + ((y - 0.48) / 0.27) ** 2 < 1
    heart = ((x - 0.56) / 0.12) ** 2 + ((y - 0.62) / 0.13) ** 2 < 1
    grey = np.where(body, 40000.0, 3000.0)
    grey = np.where((right | left) & ~heart, 16000.0, grey)
    grey += np.where(body & (np.abs(x - 0.5) < 0.05), 9000, 0) + np.where(body, 2500 * np.cos(40 * y), 0)
    grey = cv2.GaussianBlur(grey, (0, 0), 2) + rng.normal(0, 400, grey.shape)
    lungs = CropBox(round(0.21 * rows), round(0.16 * columns), round(0.75 * rows), round(0.84 * columns))
    return np.clip(grey, 0, 65535).astype(np.uint16), lungs
