"""Picture statistics: tone, frame and sharpness of a standard image; nothing in them knows the shape of a lung."""

from typing import Any

import cv2
import numpy as np

from xray_platform.dicom.pixels.border import flat_border
from xray_platform.dicom.pixels.standard_image import StandardImage
from xray_platform.dicom.pixels.thumbnail import Thumbnail, make_thumbnail

SIDE = 224
FRAME = 0.05
"""Share of height and width, at each edge, that counts as frame."""
EDGE_OF_TONE = 0.01
JPEG_BLOCK = 8
JPEG_ROWS = 256
"""Rows in the middle in which steps are looked at; all of a large picture would take long and tell no more."""
FEWEST_COLUMNS = 64  # below which steps at every eighth column are too few to compare


def picture_statistics(picture: StandardImage) -> dict[str, float | None]:
    """Return the columns of the table `standard_images` that say how a picture looks, whatever it shows.

    All but `block_edges` are measured by its window, its longer side at most 224 pixels; what cannot be measured is
    None.
    """
    small = make_thumbnail(picture, SIDE)
    frame = _frame(small)
    return {
        "grey_mean": float(small.mean()),
        "grey_deviation": float(small.std()),
        "black_share": float((small <= EDGE_OF_TONE).mean()),
        "white_share": float((small >= 1 - EDGE_OF_TONE).mean()),
        "frame_mean": float(frame.mean()),
        "frame_deviation": float(frame.std()),
        "flat_border": flat_border(small).share,
        "sharpness": _sharpness(small),
        "block_edges": _block_edges(picture.pixels),
    }


def _frame(small: Thumbnail) -> Thumbnail:
    """Return the pixels within a twentieth of the nearest edge, one line at least, (n,)."""
    rows, columns = (max(round(FRAME * length), 1) for length in small.shape)
    inside = np.zeros(small.shape, dtype=bool)
    inside[rows : small.shape[0] - rows, columns : small.shape[1] - columns] = True
    return small[~inside]


def _sharpness(small: Thumbnail) -> float:
    """Return the standard deviation of the Laplacian in the middle half of height and width."""
    rows, columns = small.shape
    edges = cv2.Laplacian(small, cv2.CV_32F, borderType=cv2.BORDER_REPLICATE)
    return float(edges[rows // 4 : rows - rows // 4, columns // 4 : columns - columns // 4].std())


def _block_edges(pixels: np.ndarray[Any, np.dtype[np.uint16]]) -> float | None:
    """Return how much larger steps to the next column are at every eighth column than elsewhere: 1 without traces.

    JPEG quantises blocks of 8 x 8 pixels for themselves, and the more it does so, the more their edges show. Where
    they begin is unknown, as a picture may be turned or cut: the strongest of the eight ways to count is taken.
    """
    if pixels.shape[1] < FEWEST_COLUMNS:
        return None
    first = max(pixels.shape[0] - JPEG_ROWS, 0) // 2
    middle = pixels[first : first + JPEG_ROWS].astype(np.float32)
    steps = np.abs(middle[:, 1:] - middle[:, :-1]).mean(axis=0, dtype=np.float64)
    whole = steps[: len(steps) // JPEG_BLOCK * JPEG_BLOCK].reshape(-1, JPEG_BLOCK).mean(axis=0)
    others = float(np.median(whole))
    return float(whole.max()) / others if others > 0 else None
