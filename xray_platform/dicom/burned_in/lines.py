"""Lines: turn what the detector saw into lines of writing, in pixels of the picture."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from xray_platform.dicom.burned_in.network import Maps, Seen

Cover = np.ndarray[Any, np.dtype[np.uint8]]
Corners = np.ndarray[Any, np.dtype[np.float32]]
SURE, PERHAPS = 0.75, 0.2
"""A line is one where its chance rises above SURE somewhere; it goes as far as that stays above PERHAPS."""
BESIDE = 0.35
"""What stands beside a line belongs to it with less."""
ADDS = 0.05
"""Share of a line of a coarser view that finer ones must leave for it to count."""
LEAST_MASS = 3.0
"""Least sum of chances over the cells of a line: a single cell is no line."""


@dataclass(frozen=True)
class TextLine:
    """A line of writing: the corners of a rectangle, which may slant, as (x, y) in pixels; and its greatest chance."""

    corners: tuple[tuple[float, float], ...]
    chance: float

    @property
    def height(self) -> float:
        """The shorter side, in pixels."""
        first, second, third, _ = np.asarray(self.corners)
        return float(min(np.hypot(*(second - first)), np.hypot(*(third - second))))


def lines_of(seen: Iterable[Seen], shape: tuple[int, ...]) -> tuple[TextLine, ...]:
    """Return the lines of writing in a picture of this shape, those of the finest view first.

    A line of a coarser view (letters that are too large for the finer) counts where the finer ones leave part of it.
    """
    found: list[TextLine] = []
    cover = np.zeros(shape[:2], np.uint8)
    for each in sorted(seen, key=lambda one: one.cell):
        lines = [line for line in _lines(each) if not found or _adds(line, cover, each.cell)]
        cover |= cover_of(lines, shape)
        found += lines
    return tuple(found)


def _adds(line: TextLine, cover: Cover, cell: float) -> bool:
    """Say whether a line covers more than what is covered already, its coarse edges left out."""
    reach = 2 * round(1.5 * cell) + 1
    grown = cv2.dilate(cover, np.ones((reach, reach), np.uint8))
    own = cover_of([line], cover.shape)
    return bool(own.any()) and float((grown[own > 0] == 0).mean()) > ADDS


def cover_of(lines: Sequence[TextLine], shape: tuple[int, ...]) -> Cover:
    """Return where lines stand: (rows, columns), 0 or 1."""
    cover = np.zeros(shape[:2], np.uint8)
    for line in lines:
        cv2.fillPoly(cover, [np.round(np.asarray(line.corners)).astype(np.int32)], (1,))
    return cover


def _lines(seen: Seen) -> Iterator[TextLine]:
    text = seen.chances[0]
    if not (text > SURE).any():
        return
    count, labels = cv2.connectedComponents((text > PERHAPS).astype(np.uint8), connectivity=8)
    peaks, masses = _peaks_and_masses(text, labels, count)
    taken = (peaks > SURE) & (masses > LEAST_MASS)
    taken |= _beside(labels, taken, peaks)
    for label in np.flatnonzero(taken):
        yield _rectangle(labels == label, seen.cell, float(peaks[label]))


def _peaks_and_masses(text: Maps, labels: Any, count: int) -> tuple[Maps, Maps]:
    """Return each piece's greatest chance and the sum of its chances; the first is all that is no piece."""
    peaks = np.zeros(count, np.float32)
    np.maximum.at(peaks, labels.ravel(), text.ravel())
    masses = np.bincount(labels.ravel(), weights=text.ravel(), minlength=count).astype(np.float32)
    peaks[0] = masses[0] = 0
    return peaks, masses


def _beside(labels: Any, taken: Any, peaks: Maps) -> Any:
    """Say which pieces stand within three cells of a line, or of one that does, and are likely enough to be part."""
    near = np.ones((7, 7), np.uint8)
    joined = taken.copy()
    while True:
        around = cv2.dilate(joined[labels].astype(np.uint8), near) > 0
        more = np.zeros_like(taken)
        more[np.unique(labels[around])] = True
        more &= (peaks > BESIDE) & ~joined
        if not more.any():
            return joined
        joined |= more


def _rectangle(piece: Any, cell: float, chance: float) -> TextLine:
    """Return the smallest rectangle around a piece, a cell and a seventh of its height wider on all sides."""
    down, across = np.nonzero(piece)
    points = np.concatenate([np.stack([across + x, down + y], 1) for x in (0, 1) for y in (0, 1)]).astype(np.float32)
    middle, sides, angle = cv2.minAreaRect(points)
    margin = 0.75 + 0.15 * max(min(sides) - 1, 0)
    wider = (sides[0] + 2 * margin, sides[1] + 2 * margin)
    corners = cv2.boxPoints((middle, wider, angle)) * cell
    return TextLine(tuple((float(x), float(y)) for x, y in corners), chance)
