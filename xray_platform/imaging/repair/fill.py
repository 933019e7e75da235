"""Fill: continue a picture into its missing regions."""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from xray_platform.imaging.repair.levels import Grey, Mask, to_byte

FillMethod = Literal["mirror", "membrane", "navier_stokes", "telea"]
MOST = 120_000
"""Pixels up to which the membrane's equations are solved; more are filled by Telea's method."""
RELIEF = 0.5
"""Share of the mirror image's relief that is taken over."""


def fill(grey: Grey, missing: Mask, method: FillMethod, radius: int = 5) -> Grey:
    """Return the picture (r, c; 0 to 255) with its missing pixels filled; all others stay as they are.

    `membrane` solves Laplace's equation, `navier_stokes` (Bertalmio et al. 2001) and `telea` (2004) are OpenCV's, and
    `mirror` takes half the relief of the other side of the chest, bent to fit the edge of the hole by a membrane (Pérez
    et al. 2003): both sides are alike but not the same, and half of it strays least.
    """
    if not missing.any() or missing.all():
        return grey
    if method == "mirror":
        return _fill_from_mirror(grey, missing)
    if method == "membrane":
        return _membrane(grey, missing)
    return _march(grey, missing, cv2.INPAINT_NS if method == "navier_stokes" else cv2.INPAINT_TELEA, radius)


def _march(grey: Grey, missing: Mask, flag: int, radius: int) -> Grey:
    filled = cv2.inpaint(to_byte(grey), missing.astype(np.uint8), radius, flag).astype(np.float32)
    return np.where(missing, filled, grey)


def _membrane(values: Grey, missing: Mask) -> Grey:
    """Return the values with the missing ones set so that each is the mean of its neighbours."""
    count = int(missing.sum())
    if count > MOST:
        return _march(values, missing, cv2.INPAINT_TELEA, 3)
    rows, columns = values.shape
    number = np.full(values.shape, -1)
    number[missing] = np.arange(count)
    y, x = np.nonzero(missing)
    entries: list[tuple[NDArray[np.intp], NDArray[np.intp]]] = []
    degree, known = np.zeros(count), np.zeros(count)
    for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        inside = (y + dy >= 0) & (y + dy < rows) & (x + dx >= 0) & (x + dx < columns)
        ny, nx = np.clip(y + dy, 0, rows - 1), np.clip(x + dx, 0, columns - 1)
        degree += inside
        free = inside & missing[ny, nx]
        known += np.where(inside & ~free, values[ny, nx], 0)
        entries.append((np.flatnonzero(free), number[ny[free], nx[free]]))
    i = np.concatenate([np.arange(count), *(pair[0] for pair in entries)])
    j = np.concatenate([np.arange(count), *(pair[1] for pair in entries)])
    weights = np.concatenate([degree, -np.ones(len(i) - count)])
    solved = spsolve(coo_array((weights, (i, j)), shape=(count, count)).tocsc(), known)
    filled = values.copy()
    filled[missing] = solved
    return filled


def _fill_from_mirror(grey: Grey, missing: Mask) -> Grey:
    """Return the picture filled from its mirror image about the body's midline, where that is known there."""
    mirror, known = _mirrored(grey, missing)
    mirror = mirror * np.float32(RELIEF)
    usable = missing & known
    filled = grey
    if usable.any():
        ring = cv2.dilate(usable.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        bend = np.where(ring & ~missing, grey - mirror, 0).astype(np.float32)
        filled = np.where(usable, mirror + _membrane(bend, usable), grey)
    rest = missing & ~known
    return np.clip(_membrane(np.asarray(filled, np.float32), rest) if rest.any() else filled, 0, 255)


def _mirrored(grey: Grey, missing: Mask) -> tuple[Grey, Mask]:
    """Return the mirror image moved onto the picture, and where it is known.

    The move is the one at which both agree best, up to a tenth of the width.
    """
    flipped, hole = grey[:, ::-1], missing[:, ::-1]
    reach = grey.shape[1] // 10
    places = {shift: _columns(grey.shape[1], shift) for shift in range(-reach, reach + 1)}
    best = min(places.values(), key=lambda place: _disagreement(grey, flipped[:, place], missing | hole[:, place]))
    return flipped[:, best], ~hole[:, best]


def _columns(width: int, shift: int) -> NDArray[np.intp]:
    """Return which column stands at each place once a picture has moved to the right, its edge repeated."""
    return np.clip(np.arange(width) - shift, 0, width - 1)


def _disagreement(one: Grey, other: Grey, leave_out: NDArray[np.bool_]) -> float:
    kept = ~leave_out
    return float(np.abs(one[kept] - other[kept]).mean()) if kept.any() else np.inf
