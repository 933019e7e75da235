"""Gradients: in which directions a small picture gets brighter, place by place, and how that reads in other positions.

Histograms of oriented gradients (Dalal and Triggs 2005) on a grid so regular that those of the turned, mirrored or
inverted picture are those of the picture itself in another order: sixteen positions cost one computation.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np

from xray_platform.dicom.pixels.thumbnail import Thumbnail

Values = np.ndarray[Any, np.dtype[np.float32]]

SIDE, CELLS, DIRECTIONS = 64, 8, 8
LENGTH = CELLS * CELLS * DIRECTIONS
STRONG = 0.25  # a stronger gradient counts no more: collimators and markers would drown the chest
_EVEN = 1e-6


@dataclass(frozen=True)
class Position:
    """What puts a picture right: to transpose it, then to turn it upside down, to mirror it, and to invert it."""

    transposed: bool
    upside_down: bool
    mirrored: bool
    inverted: bool


POSITIONS = tuple(
    Position(transposed, upside_down, mirrored, inverted)
    for inverted in (False, True)
    for transposed in (False, True)
    for upside_down in (False, True)
    for mirrored in (False, True)
)
"""All sixteen; the first leaves a picture as it is."""


def gradients(small: Thumbnail) -> Values:
    """Return the gradients of a picture (rows, columns) in [0, 1]: (8, 8, 8) cell rows, cell columns, directions.

    Their square sum is 1, or 0 for an even picture.
    """
    square = cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    square = cv2.GaussianBlur(square, (0, 0), 1.2, borderType=cv2.BORDER_REPLICATE)
    right = cv2.Sobel(square, cv2.CV_32F, 1, 0, ksize=3, borderType=cv2.BORDER_REPLICATE)
    down = cv2.Sobel(square, cv2.CV_32F, 0, 1, ksize=3, borderType=cv2.BORDER_REPLICATE)
    strength = np.sqrt(right * right + down * down) + np.float32(_EVEN)
    weight = np.sqrt(np.minimum(strength, np.float32(STRONG))) / strength
    cells = _votes(right * weight, down * weight)
    return np.asarray(cells / np.sqrt((cells * cells).sum() + 1e-9), np.float32)


def _votes(right: Any, down: Any) -> Values:
    """Return how much points in each direction, cell by cell; what points one way does not point the other."""
    cells = np.empty((CELLS, CELLS, DIRECTIONS), np.float32)
    for number in range(DIRECTIONS // 2):
        angle = 2 * np.pi / DIRECTIONS * number
        along = right * np.float32(np.cos(angle)) + down * np.float32(np.sin(angle))
        there = cv2.resize(np.maximum(along, 0), (CELLS, CELLS), interpolation=cv2.INTER_AREA)
        cells[..., number] = there
        cells[..., number + DIRECTIONS // 2] = there - cv2.resize(along, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    return cells


def in_all_positions(found: Values) -> Values:
    """Return gradients (..., 8, 8, 8) as they are of the picture after each of the sixteen: (..., 16, 512)."""
    flat = found.reshape(*found.shape[:-3], LENGTH)
    return np.asarray(flat[..., _orders()], np.float32)


@cache
def _orders() -> np.ndarray[Any, np.dtype[np.intp]]:
    """Return for each position in which order the gradients are to be read: (16, 512)."""
    places = np.arange(LENGTH).reshape(CELLS, CELLS, DIRECTIONS)
    return np.stack([_order(places, position).ravel() for position in POSITIONS])


def _order(places: np.ndarray[Any, np.dtype[np.intp]], position: Position) -> np.ndarray[Any, np.dtype[np.intp]]:
    turn = np.arange(DIRECTIONS)
    if position.transposed:
        places = places.swapaxes(0, 1)[..., (DIRECTIONS // 4 - turn) % DIRECTIONS]
    if position.upside_down:
        places = places[::-1][..., -turn % DIRECTIONS]
    if position.mirrored:
        places = places[:, ::-1][..., (DIRECTIONS // 2 - turn) % DIRECTIONS]
    return places[..., (turn + DIRECTIONS // 2) % DIRECTIONS] if position.inverted else places
