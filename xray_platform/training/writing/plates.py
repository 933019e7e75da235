"""Plates: a lead letter with initials beside it, as technicians lay them; what of it is the marker, what is writing."""

import cv2
import numpy as np

from xray_platform.training.writing.fonts import FontSet
from xray_platform.training.writing.render import Ink, draw
from xray_platform.training.writing.scene import Cover
from xray_platform.training.writing.words import Rng

MARKER, INITIALS = 1, 2
_LETTERS = "ABCDEFGHIJKLMNOPRSTUVWXYZ0123456789"


def initials(fonts: FontSet, height: float, rng: Rng) -> Ink:
    """Return two to four letters or digits, wide apart or close."""
    text = "".join(_LETTERS[int(rng.integers(len(_LETTERS)))] for _ in range(int(rng.integers(2, 5))))
    spacing = rng.uniform(0.1, 0.5) if rng.random() < 0.4 else 0.0
    return draw(text, fonts.choose("latin", rng), height, spacing=spacing, bold=int(rng.random() < 0.3))


def plate(letter: Ink, letters: Ink, degrees: float, rng: Rng, *, mirrored: bool) -> tuple[Ink, Cover]:
    """Return a marker with letters above, below or beside it as ink, and what each pixel of it belongs to.

    That is MARKER, INITIALS or 0. The whole is turned by an angle, anticlockwise, and mirrored if so asked.
    """
    gap = max(2, round(len(letters) * rng.uniform(0.15, 0.6)))
    letters = np.ascontiguousarray(np.rot90(letters, int(rng.choice([0, 0, 0, 1, 3]))))
    pieces = [(letter, MARKER), (letters, INITIALS)]
    if rng.random() < 0.3:
        pieces.reverse()
    stacked, (first, second) = rng.random() < 0.7, (piece.shape for piece, _ in pieces)
    shape = (
        (first[0] + gap + second[0], max(first[1], second[1]))
        if stacked
        else (max(first[0], second[0]), first[1] + gap + second[1])
    )
    ink, parts, start = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8), 0
    for piece, kind in pieces:
        rows, columns = piece.shape
        top, left = (start, (shape[1] - columns) // 2) if stacked else ((shape[0] - rows) // 2, start)
        ink[top : top + rows, left : left + columns] = piece
        parts[top : top + rows, left : left + columns] = kind
        start += (rows if stacked else columns) + gap
    if mirrored:
        ink, parts = ink[:, ::-1], parts[:, ::-1]
    return turned_uncropped(ink, degrees, cv2.INTER_LINEAR), turned_uncropped(parts, degrees, cv2.INTER_NEAREST)


def turned_uncropped(canvas: Cover, degrees: float, way: int) -> Cover:
    """Return a canvas turned by an angle about its middle, anticlockwise, on one that holds it whole."""
    quarters = round(degrees / 90)
    if degrees == 90 * quarters:
        return np.ascontiguousarray(np.rot90(canvas, quarters))
    rows, columns = canvas.shape
    side = int(np.hypot(rows, columns)) + 4
    place = cv2.getRotationMatrix2D((columns / 2, rows / 2), degrees, 1)
    place[:, 2] += (side / 2 - columns / 2, side / 2 - rows / 2)
    return np.asarray(cv2.warpAffine(np.ascontiguousarray(canvas), place, (side, side), flags=way), np.uint8)
