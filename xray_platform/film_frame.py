"""Film frame: take the white frame that some scanned films have, and the air inside of it, out of a picture."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]
SIDE = 64  # of the thumbnail that is looked at: lungs are found in one of that size
WHITE, AIR = 0.87, 0.22  # shares of its range of grey from which on a frame is white, and up to which air is dark
FRAMED = 0.6  # share of the upper edge, or of both sides, that a frame makes white
ALONG = 0.1  # share of one side, at least: what is white above alone may be the jaw
NEAR = 11  # pixels across, around what is white, in which air that lies inside of a frame begins
MOST = 0.9  # share of the picture above which what is left shows nothing
_Mask = NDArray[np.bool_]


def without_frame(pixels: Pixels) -> Pixels | None:
    """Return a small picture whose white frame, and air inside of it, have the middle grey of the rest.

    `pixels`: (rows, columns) of any dtype and range, bright bones. A frame is white and air is dark, as chest wall and
    lungs are. None for a picture without a white frame: what is white along its lower edge alone may be the belly,
    along its upper one the jaw.
    """
    small = _small(pixels)
    low, high = float(small.min()), float(small.max())
    white = _touching(small >= low + WHITE * (high - low), _edge(small.shape))
    left, right = float(white[:, 0].mean()), float(white[:, -1].mean())
    if max(float(white[0].mean()), min(left, right)) < FRAMED or max(left, right) < ALONG:
        return None
    beside = cv2.dilate(white.astype(np.uint8), np.ones((NEAR, NEAR), np.uint8)) > 0
    air = _touching(small <= low + AIR * (high - low), beside | _edge(small.shape))
    outside = cv2.dilate((white | air).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if outside.mean() > MOST:
        return None
    return np.where(outside, np.asarray(np.median(small[~outside]), small.dtype), small)


def _small(pixels: Pixels) -> Pixels:
    scale = min(SIDE / max(pixels.shape), 1.0)
    size = tuple(max(round(length * scale), 1) for length in pixels.shape)
    return np.asarray(cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_AREA)).reshape(size)


def _edge(shape: tuple[int, ...]) -> _Mask:
    edge = np.ones(shape, bool)
    edge[1:-1, 1:-1] = False
    return edge


def _touching(mask: _Mask, there: _Mask) -> _Mask:
    """Return those connected parts of a mask that touch some place."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    touching = np.unique(labels[mask & there])
    return np.isin(labels, touching[touching > 0])
