"""Text lines: put glyphs that stand in a row together, and say which rows are writing."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from xray_platform.dicom.glyphs import LOWEST, Array, Glyphs

GAP = 1.3


class Box(NamedTuple):
    """A rectangle in pixels, not necessarily whole ones."""

    left: float
    top: float
    right: float
    bottom: float


def text_boxes(glyphs: Glyphs, tallest: float) -> Iterator[Box]:
    """Yield a rectangle around each row of glyphs that is writing, run on to the neighbours that belong to it."""
    letters = glyphs.taken((glyphs.height >= LOWEST) & (glyphs.height <= tallest) & (glyphs.width >= 2))
    for row in _rows(letters, tallest):
        if row.number and _is_writing(row):
            yield _whole_line(row, glyphs)


def _rows(glyphs: Glyphs, tallest: float) -> Iterator[Glyphs]:
    """Yield groups of glyphs that follow each other at the same height, alike in size, contrast and stroke."""
    glyphs = glyphs.taken(np.argsort(glyphs.left, kind="stable"))
    reach = glyphs.right + GAP * np.minimum(tallest, 2.2 * glyphs.height) + 1
    ends = np.searchsorted(glyphs.left, reach)
    parents = np.arange(glyphs.number)
    for first, end in enumerate(ends):
        for other in _followers(glyphs, first, int(end)):
            parents[_root(parents, other)] = _root(parents, first)
    roots = np.asarray([_root(parents, each) for each in range(glyphs.number)], int)
    for root in np.unique(roots):
        yield glyphs.taken(roots == root)


def _root(parents: Array, each: int) -> int:
    while parents[each] != each:
        parents[each] = parents[parents[each]]
        each = int(parents[each])
    return each


def _followers(glyphs: Glyphs, first: int, end: int) -> list[int]:
    if end <= first + 1:
        return []
    one = glyphs.taken(np.asarray([first]))
    others = glyphs.taken(np.arange(first + 1, end))
    low, high = np.minimum(one.height, others.height), np.maximum(one.height, others.height)
    gap = others.left - one.right
    overlap = np.minimum(one.bottom, others.bottom) - np.maximum(one.top, others.top)
    near = (gap <= GAP * high) & (gap >= -0.6 * np.minimum(one.width, others.width)) & (overlap >= 0.55 * low)
    contrasts = np.abs(one.contrast - others.contrast) < 0.7 * np.maximum(one.contrast, others.contrast)
    strokes = np.maximum(one.stroke_x, others.stroke_x) <= 3 * np.minimum(one.stroke_x, others.stroke_x)
    found = np.flatnonzero(near & (low >= 0.5 * high) & contrasts & strokes)
    return [first + 1 + int(each) for each in found]


def _is_writing(row: Glyphs) -> bool:
    """Say whether a row is writing: three letters or more on one line, of like height, stroke and contrast.

    Ribs, wires and clasps fail by one of these; a lone L or R marker is no row. Whether the picture is mirrored makes
    no difference, for nothing is read.
    """
    height = float(np.median(row.height))
    letters = float(np.maximum(1, np.round(row.width / (0.85 * height))).sum())
    strokes = float(row.runs_x.sum()) / height
    width = float(row.right.max() - row.left.min())
    stroke = float(np.median(row.stroke_x)) / height
    fill = float(row.area.sum() / (row.width * row.height).sum())
    upright = row.height[row.height > 0.7 * height]
    return bool(
        letters >= 3
        and strokes >= 4
        and width >= 2 * height
        and 0.8 <= strokes / letters <= 4
        and 0.06 <= stroke <= 0.5
        and 0.2 <= fill < 0.88
        and upright.std() <= 0.25 * height
        and _spread(row.stroke_x) <= 0.6
        and _spread(row.contrast) <= 0.5
        and _unevenness(row) <= 0.22 * height
    )


def _spread(values: np.ndarray[Any, np.dtype[Any]]) -> float:
    return float(values.std() / values.mean())


def _unevenness(row: Glyphs) -> float:
    """Return how far, in pixels, the glyphs' middles lie from a straight line."""
    if row.number < 3:
        return 0.0
    across, down = (row.left + row.right) / 2, (row.top + row.bottom) / 2
    away, level = across - across.mean(), down - down.mean()
    slope = float((away * level).sum() / max(float((away * away).sum()), 1e-9))
    return float(np.sqrt(np.mean((level - slope * away) ** 2)))


def _whole_line(row: Glyphs, glyphs: Glyphs) -> Box:
    """Return the row's rectangle with the pieces beside it that have its size, and a margin around."""
    height = float(np.median(row.height))
    box = Box(float(row.left.min()), float(row.top.min()), float(row.right.max()), float(row.bottom.max()))
    fitting = glyphs.taken(
        (glyphs.height <= 1.7 * height) & (glyphs.width <= 9 * height) & (glyphs.height >= 0.1 * height)
    )
    across, down = (fitting.left + fitting.right) / 2, (fitting.top + fitting.bottom) / 2
    while True:
        beside = (across > box.left - 2 * height) & (across < box.right + 2 * height)
        level = (down > box.top - 0.35 * height) & (down < box.bottom + 0.35 * height)
        inside = (fitting.top > box.top - 0.8 * height) & (fitting.bottom < box.bottom + 0.8 * height)
        grown = _around(box, fitting.taken(beside & level & inside))
        if grown == box:
            return Box(
                box.left - 0.8 * height, box.top - 0.3 * height, box.right + 0.8 * height, box.bottom + 0.3 * height
            )
        box = grown


def _around(box: Box, glyphs: Glyphs) -> Box:
    if not glyphs.number:
        return box
    return Box(
        min(box.left, float(glyphs.left.min())),
        min(box.top, float(glyphs.top.min())),
        max(box.right, float(glyphs.right.max())),
        max(box.bottom, float(glyphs.bottom.max())),
    )
