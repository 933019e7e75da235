"""Tiles: work on a large picture tile by tile, so that the memory needed does not grow with it."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from xray_platform.imaging.repair.levels import Grey

Tile = tuple[slice, slice]
"""Rows and columns of a tile."""
SIDE = 512
"""Side of a tile, in pixels; a picture up to half as large again is worked whole."""
MARGIN = 32
"""Pixels by which neighbouring tiles overlap on each side, more than any step reaches."""


def in_tiles(shape: tuple[int, int], work: Callable[[Tile], Grey], side: int = SIDE, margin: int = MARGIN) -> Grey:
    """Return the picture (r, c) put together from `work(tile)` for overlapping tiles, the overlaps cut off."""
    grey = np.zeros(shape, np.float32)
    for top, bottom in _stretches(shape[0], side):
        for left, right in _stretches(shape[1], side):
            rows = slice(max(top - margin, 0), min(bottom + margin, shape[0]))
            columns = slice(max(left - margin, 0), min(right + margin, shape[1]))
            part = work((rows, columns))
            grey[top:bottom, left:right] = part[
                top - rows.start : bottom - rows.start, left - columns.start : right - columns.start
            ]
    return grey


def _stretches(length: int, side: int) -> list[tuple[int, int]]:
    """Return starts and ends that cover a length evenly, each at most one and a half sides long."""
    count = 1 if length <= 1.5 * side else -(-length // side)
    edges = [round(length * number / count) for number in range(count + 1)]
    return list(pairwise(edges))
