"""Cut: find the side at which a chest is cut off: with more of the picture there it would look more like one."""

from dataclasses import dataclass

import cv2
import numpy as np

from xray_platform.dicom.anatomy.gradients import POSITIONS, gradients, in_all_positions
from xray_platform.dicom.anatomy.view_classifier import Weights, shipped_weights
from xray_platform.dicom.pixels.thumbnail import Thumbnail

SIDE = 96  # of the picture that is widened, in pixels
WIDER = 0.22  # by which the picture is widened, as a share of its height or width
_UPRIGHT = [
    number
    for number, position in enumerate(POSITIONS)
    if not (position.transposed or position.upside_down or position.inverted)
]


@dataclass(frozen=True)
class Cut:
    """The side (`left`, `right` or `lower`) that gains most, and by how many log odds of being a chest."""

    side: str
    gain: float


def cut_off(small: Thumbnail, weights: Weights | None = None) -> Cut:
    """Return where a picture (rows, columns), float32 in [0, 1], upright, is most likely cut off.

    Each side but the upper is continued by its last line. A chest that is whole looks less like one then.
    """
    known = weights or shipped_weights()
    square = np.asarray(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float32)
    as_it_is = _score(square, known)
    gains = {
        side: _score(_widened(square, side, round(SIDE * WIDER)), known) - as_it_is
        for side in ("left", "right", "lower")
    }
    side = max(gains, key=lambda each: gains[each])
    return Cut(side, gains[side])


def _widened(square: Thumbnail, side: str, lines: int) -> Thumbnail:
    more = {"left": (0, 0, lines, 0), "right": (0, 0, 0, lines), "lower": (0, lines, 0, 0)}[side]
    return np.asarray(cv2.copyMakeBorder(square, *more, borderType=cv2.BORDER_REPLICATE), np.float32)


def _score(square: Thumbnail, weights: Weights) -> float:
    return float((in_all_positions(gradients(square))[_UPRIGHT] @ weights.chest).max())
