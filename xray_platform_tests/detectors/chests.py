"""Made-up chests for detector tests: two dark lungs that vary a little; abnormal ones have a planted bright blob."""

import cv2
import numpy as np

from xray_platform.image_stack import Heatmaps, Images

SIDE = 64
BLOB_ROW, BLOB_COLUMN, BLOB_SD = 38, 44, 4.0  # in the lung on the right of the picture


def chests(count: int, seed: int) -> Images:
    """Return normal pictures (count, SIDE, SIDE)."""
    rng = np.random.default_rng(seed)
    return np.asarray([_chest(rng) for _ in range(count)], np.float32)


def with_blob(images: Images, strength: float = 0.35) -> Images:
    """Return the same pictures with a blob planted in each."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    blob = np.exp(-((rows - BLOB_ROW) ** 2 + (columns - BLOB_COLUMN) ** 2) / (2 * BLOB_SD**2))
    return np.asarray(np.clip(images + strength * blob, 0, 1), np.float32)


def _chest(rng: np.random.Generator) -> Heatmaps:
    picture = np.full((SIDE, SIDE), rng.uniform(0.55, 0.65), np.float32)
    rise, width = rng.integers(-3, 4), rng.integers(9, 12)
    for middle in (20, 44):
        cv2.ellipse(picture, (middle, 32 + int(rise)), (int(width), 22), 0, 0, 360, rng.uniform(0.2, 0.3), -1)
    noisy = cv2.GaussianBlur(picture, (0, 0), 1.5) + rng.normal(0, 0.01, picture.shape)
    return np.asarray(np.clip(noisy, 0, 1), np.float32)
