"""Phantom sheet: many phantoms side by side in one picture, with boxes around their findings, for people to look at."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.errors import InputError
from xray_platform.phantoms.phantom import Phantom

BOX_COLOUR = (255, 200, 40)  # red, green, blue


def phantom_sheet(
    phantoms: Sequence[Phantom], *, columns: int = 4, cell: int = 384, boxes: bool = True
) -> NDArray[np.uint8]:
    """Return the phantoms on one sheet, uint8 RGB (rows, columns, 3), row by row, each in a square of `cell` pixels.

    Raises InputError where there is no phantom.
    """
    if not phantoms:
        raise InputError("a contact sheet of no phantoms; at least one is needed")
    cells = [_cell(phantom, cell, boxes) for phantom in phantoms]
    cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
    return np.vstack([np.hstack(cells[start : start + columns]) for start in range(0, len(cells), columns)])


def _cell(phantom: Phantom, side: int, boxes: bool) -> NDArray[np.uint8]:
    """Fit one phantom into a black square and caption it."""
    scale = side / max(phantom.pixels.shape)
    size = (round(phantom.pixels.shape[1] * scale), round(phantom.pixels.shape[0] * scale))
    grey = np.asarray(cv2.resize(phantom.pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint16)
    colour = np.repeat((grey >> 4).astype(np.uint8)[:, :, None], 3, axis=2)
    for box in phantom.boxes if boxes else ():
        first = (round(box.left * scale), round(box.top * scale))
        last = (round((box.left + box.width) * scale), round((box.top + box.height) * scale))
        cv2.rectangle(colour, first, last, BOX_COLOUR, max(side // 256, 1))
    square = np.zeros((side, side, 3), dtype=np.uint8)
    top, left = (side - size[1]) // 2, (side - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = colour
    if boxes:
        at = (side // 40, side - side // 28)
        cv2.putText(square, phantom.finding, at, cv2.FONT_HERSHEY_SIMPLEX, side / 640, BOX_COLOUR, 1, cv2.LINE_AA)
    return square
