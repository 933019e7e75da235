"""Reach: how far a line goes on: what stands beside and along it, and ends that fade."""

from typing import Any

import cv2
import numpy as np

from xray_platform.dicom.burned_in.network import STRIDE, Maps, Seen

Cells = np.ndarray[Any, np.dtype[np.bool_]]
Labels = np.ndarray[Any, np.dtype[np.int32]]
_Point = np.ndarray[Any, np.dtype[np.float64]]
BESIDE = 0.35
"""Probability above which what stands beside a line belongs to it."""
FURTHER = 3.5
"""By how many heights of a line what goes on along it may be away: a name and a date are often set apart."""
FADED, AIR = 24, 48
"""Grey levels (of 256) between ink and air behind it, below which the detector does not see it; and air's greatest."""
MOST_STRONG = 128  # grey levels between ink and surroundings above which the line is not faint where it is seen
FADES = 3
"""Heights by which a line of dark ink is longer at an end that lies in air."""
LONG = 1.5  # lengths to heights from which on it is told which way a line runs


def beside(labels: Labels, taken: Any, peaks: Maps) -> Any:
    """Say which labels stand within three cells of a line, or along it, or of one that does, and may be part of it."""
    near = np.ones((7, 7), np.uint8)
    joined = taken.copy()
    fresh = np.flatnonzero(taken)
    while fresh.size:
        parts = [_along(labels == number) for number in fresh]
        around = np.maximum.reduce([cv2.dilate(joined[labels].astype(np.uint8), near), *parts])
        more = np.zeros_like(taken)
        more[np.unique(labels[around > 0])] = True
        more &= (peaks > BESIDE) & ~joined
        joined |= more
        fresh = np.flatnonzero(more)
    return joined


def faded_ends(cells: Cells, seen: Seen) -> Cells:
    """Return the cells beyond both ends of a line in which its ink could not be seen: air, as dark as dark ink."""
    made = np.zeros(cells.shape, np.uint8)
    middle, axis, length, height = _run(cells)
    ink = _dark_ink(cells, seen)
    if length < LONG * height or ink is None:
        return made > 0
    greys = cv2.resize(seen.grey, cells.shape[::-1], interpolation=cv2.INTER_AREA)
    for way in (-1, 1):
        for step in range(FADES):
            centre = middle + way * axis * (length / 2 + (step + 0.5) * height)
            square = _box(centre, axis, height, cells.shape)
            level = float(np.median(greys[square > 0])) if square.any() else np.inf
            if level > AIR or abs(level - ink) > FADED:
                break
            made |= square
    return made > 0


def under(cells: Cells, seen: Seen) -> Any:
    """Return the grey values of a view under some cells."""
    rows, columns = seen.grey.shape
    return seen.grey[np.repeat(np.repeat(cells, STRIDE, 0), STRIDE, 1)[:rows, :columns]]


def rectangle(cells: Any) -> Any:
    """Return middle, sides and angle of the smallest rectangle around some cells."""
    down, across = np.nonzero(cells)
    points = np.concatenate([np.stack([across + x, down + y], 1) for x in (0, 1) for y in (0, 1)]).astype(np.float32)
    return cv2.minAreaRect(points)


def _along(cells: Any) -> Any:
    """Return where a line would go on (rows, columns of cells; 0 or 1): its rectangle, longer by FURTHER heights."""
    middle, sides, angle = rectangle(cells)
    longer = 2 * FURTHER * min(sides)
    wide, high = (sides[0] + longer, sides[1]) if sides[0] >= sides[1] else (sides[0], sides[1] + longer)
    along = np.zeros(cells.shape, np.uint8)
    cv2.fillPoly(along, [np.round(cv2.boxPoints((middle, (wide, high), angle)) - 0.5).astype(np.int32)], (1,))
    return along


def _run(cells: Cells) -> tuple[_Point, _Point, float, float]:
    """Return the middle (x, y) of a line, the direction that it runs in, its length and its height, in cells."""
    middle, sides, angle = rectangle(cells)
    turned = np.radians(angle if sides[0] >= sides[1] else angle + 90)
    return np.asarray(middle), np.array([np.cos(turned), np.sin(turned)]), float(max(sides)), float(min(sides))


def _dark_ink(cells: Cells, seen: Seen) -> float | None:
    """Return how bright the ink of a line is; None where it is brighter than its surroundings, or much darker."""
    around = (cv2.dilate(cells.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0) & ~cells
    behind = float(np.median(under(around, seen))) if around.any() else 0.0
    low, high = (float(mark) for mark in np.percentile(under(cells, seen), (3, 97)))
    return low if high - behind < behind - low <= MOST_STRONG else None


def _box(middle: _Point, axis: _Point, side: float, shape: tuple[int, ...]) -> Any:
    """Return a square around a point, turned as a line is (rows, columns; 0 or 1)."""
    box = np.zeros(shape, np.uint8)
    angle = float(np.degrees(np.arctan2(axis[1], axis[0])))
    corners = cv2.boxPoints(((float(middle[0]), float(middle[1])), (side, side), angle))
    cv2.fillPoly(box, [np.round(corners - 0.5).astype(np.int32)], (1,))
    return box
