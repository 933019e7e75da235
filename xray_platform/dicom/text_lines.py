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


def text_boxes(glyphs: Glyphs, neighbours: Glyphs, tallest: float) -> Iterator[Box]:
    """Yield a rectangle around each row of glyphs that is writing, run on to the `neighbours` that belong to it.

    Grey writing is brighter than the air and darker than the body: of one word the glyphs may be bright and dark.
    """
    letters = glyphs.taken((glyphs.height >= LOWEST) & (glyphs.height <= tallest) & (glyphs.width >= 2))
    rows = [row for row in _rows(letters, tallest) if row.number]
    writing = [row for row in rows if _is_writing(row) and not _is_inside_a_letter(row, neighbours)]
    for row in (*writing, *_lines_beside(writing, rows)):
        yield _whole_line(row, neighbours)


def _lines_beside(writing: list[Glyphs], rows: list[Glyphs]) -> Iterator[Glyphs]:
    """Yield the rows of two pieces and more that stand right above or below writing of their size: further lines."""
    seen = {id(row) for row in writing}
    waiting = list(writing)
    while waiting:
        line = waiting.pop()
        for row in rows:
            if id(row) not in seen and row.number > 1 and _is_next_line(row, line):
                seen.add(id(row))
                waiting.append(row)
                yield row


def _is_next_line(row: Glyphs, line: Glyphs) -> bool:
    height, other = float(np.median(line.height)), float(np.median(row.height))
    apart = max(row.top.min() - line.bottom.max(), line.top.min() - row.bottom.max())
    beside = min(row.right.max(), line.right.max()) - max(row.left.min(), line.left.min())
    alike = 0.6 <= other / height <= 1.6 and row.contrast.mean() >= 0.5 * line.contrast.mean()
    return bool(alike and apart <= 1.2 * height and beside > 0)


def _rows(glyphs: Glyphs, tallest: float) -> Iterator[Glyphs]:
    """Yield groups of glyphs that follow each other at the same height, alike in size, contrast and stroke."""
    glyphs = glyphs.taken(np.argsort(glyphs.left, kind="stable"))
    reach = glyphs.right + GAP * np.minimum(tallest, 2.2 * glyphs.height) + 1
    ends = np.searchsorted(glyphs.left, reach)
    parents = np.arange(glyphs.number)
    for first, end in enumerate(ends):
        for other in _followers(glyphs, first, int(end)) if end > first + 1 else ():
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
    width = float(row.right.max() - row.left.min())
    letters = float(np.maximum(1, np.round(row.width / (0.85 * height))).sum())
    strokes = float(row.runs_x.sum()) / height
    if letters < 3 or strokes < 4 or width < 2 * height or not 0.8 <= strokes / letters <= 4:
        return False
    # Blurred letters run together into one or two pieces: so do a clasp, and the grain along a collimator's edge. A
    # few faint pieces could be ribs.
    contrast = float(row.contrast.mean())
    if row.number < 3 and (contrast < 56 or strokes < 4.8):
        return False
    if strokes < 8 and contrast < 51:
        return False
    stroke = float(np.median(row.stroke_x)) / height
    fill = float(row.area.sum() / (row.width * row.height).sum())
    upright = row.height[row.height > 0.7 * height]
    return bool(
        0.06 <= stroke <= 0.5
        and 0.2 <= fill < 0.88
        and upright.std() <= 0.25 * height
        and _spread(row.stroke_x) <= 0.6
        and _spread(row.contrast) <= 0.5
        and _unevenness(row) <= 0.22 * height
    )


def _is_inside_a_letter(row: Glyphs, neighbours: Glyphs) -> bool:
    """Say whether one piece of a letter's shape holds the whole row: the eyes of a large L or R marker are no line."""
    holds = (
        (neighbours.left <= row.left.min() + 1)
        & (neighbours.top <= row.top.min() + 1)
        & (neighbours.right >= row.right.max() - 1)
        & (neighbours.bottom >= row.bottom.max() - 1)
        & (neighbours.width <= 1.6 * neighbours.height)
        & (neighbours.height <= 2.5 * neighbours.width)
    )
    return row.number > 1 and bool(holds.any())


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
