"""Outside: say of a line of writing whether it surely stands beside the body, where painting loses nothing."""

from typing import Any

import cv2
import numpy as np

from xray_platform.dicom.burned_in.lines import Cover, TextLine, cover_of
from xray_platform.dicom.burned_in.tone import Grey

SIDE = 256  # of the thumbnail in which it is decided
EVEN = 12  # grey levels (of 256) between the 5 and 95 percentiles around a line that stands in air or in a frame
END = 26  # grey levels from the darkest or the brightest: air, collimator's shadow or a frame


def is_outside(grey: Grey, line: TextLine, writing: Cover) -> bool:
    """Say whether a line surely stands outside of the body in a picture (rows, columns) uint8.

    What surrounds it is even, about as dark as the darkest or as bright as the brightest of the picture, and goes on
    so to the picture's edge. `writing` is where any line stands: it counts for nothing.
    """
    around = _around(line, grey.shape) & (writing == 0)
    levels = grey[around > 0]
    if not levels.size:
        return False
    low, middle, high = (float(mark) for mark in np.percentile(levels, [5, 50, 95]))
    return high - low <= EVEN and min(middle, 255 - middle) <= END and _reaches_the_edge(grey, around, writing, middle)


def _around(line: TextLine, shape: tuple[int, ...]) -> Cover:
    """Return a belt around a line: a quarter of its height, or an eightieth of the picture's side if that is more."""
    reach = max(round(line.height / 4), min(shape) // 80, 3)
    own = cover_of([line], shape)
    return np.asarray(cv2.dilate(own, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) & (own == 0), np.uint8)


def _reaches_the_edge(grey: Grey, around: Cover, writing: Cover, middle: float) -> bool:
    scale = min(SIDE / max(grey.shape), 1.0)
    size = (max(round(grey.shape[1] * scale), 1), max(round(grey.shape[0] * scale), 1))
    small, belt, written = (
        cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (grey, around * 255, writing * 255)
    )
    alike: Any = ((np.abs(small.astype(np.int16) - middle) <= EVEN) | (written > 0)).astype(np.uint8)
    _, labels = cv2.connectedComponents(alike, connectivity=4)
    at_edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    here = labels[belt > 127] if (belt > 127).any() else labels[belt > 0]
    return bool(here.size) and float(np.isin(here, at_edge[at_edge > 0]).mean()) >= 0.95
