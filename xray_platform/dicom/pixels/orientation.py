"""Orientation: bring a frontal chest picture to L\\F, in all eight cases, and map boxes the same way."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from xray_platform.bounding_box import BoundingBox

Pixels = np.ndarray[Any, np.dtype[Any]]
OPPOSITE = {"L": "R", "R": "L", "H": "F", "F": "H", "A": "P", "P": "A"}


@dataclass(frozen=True)
class Turn:
    """One of the eight ways to turn and mirror a picture: first transpose, then flip rows, then flip columns."""

    transpose: bool = False
    flip_rows: bool = False
    flip_columns: bool = False

    @property
    def nothing(self) -> bool:
        return self == Turn()

    def apply(self, pixels: Pixels) -> Pixels:
        """Return the picture turned, a view on the same numbers. Shape (rows, columns, ...)."""
        if self.transpose:
            pixels = pixels.swapaxes(0, 1)
        return pixels[:: -1 if self.flip_rows else 1, :: -1 if self.flip_columns else 1]

    def inverse(self) -> "Turn":
        """Return the turn that undoes this one."""
        if not self.transpose:
            return self
        return Turn(True, self.flip_columns, self.flip_rows)

    def box(self, box: BoundingBox, rows: int, columns: int) -> BoundingBox:
        """Return where a box of a picture of `rows` x `columns` pixels lies after the turn."""
        if self.transpose:
            box, rows, columns = BoundingBox(box.left, box.top, box.width, box.height), columns, rows
        top = rows - box.top - box.height if self.flip_rows else box.top
        left = columns - box.left - box.width if self.flip_columns else box.left
        return BoundingBox(top, left, box.height, box.width)

    def pair(self, vertical: float, horizontal: float) -> tuple[float, float]:
        """Return a pair that belongs to rows and columns, such as PixelSpacing, after the turn."""
        return (horizontal, vertical) if self.transpose else (vertical, horizontal)

    @property
    def turned_from(self) -> str:
        """The orientation of the pictures that it brings to L\\F, as two letters (`LF`: it turns nothing)."""
        return next("".join(stored) for stored, turn in TURNS.items() if turn == self)

    def describe(self) -> str:
        """Say in words what the turn does."""
        words = [
            text
            for text, on in (
                ("rows and columns exchanged", self.transpose),
                ("top and bottom exchanged", self.flip_rows),
                ("left and right exchanged", self.flip_columns),
            )
            if on
        ]
        return ", ".join(words) or "as it was"


AS_IT_CAME = Turn()

# PatientOrientation (0020,0020): direction of the rows, towards increasing columns, then of the columns (C.7.6.1.1.1).
TURNS: dict[tuple[str, str], Turn] = {
    ("L", "F"): Turn(),
    ("R", "F"): Turn(flip_columns=True),
    ("L", "H"): Turn(flip_rows=True),
    ("R", "H"): Turn(flip_rows=True, flip_columns=True),
    ("F", "L"): Turn(transpose=True),
    ("H", "L"): Turn(transpose=True, flip_rows=True),
    ("F", "R"): Turn(transpose=True, flip_columns=True),
    ("H", "R"): Turn(transpose=True, flip_rows=True, flip_columns=True),
}

TURNED_FROM = {"".join(stored): turn for stored, turn in TURNS.items()}
"""The turns by `Turn.turned_from`."""


def stated_orientation(values: tuple[str, ...]) -> tuple[str, str] | None:
    """Return the first letters of a PatientOrientation, or None where it is no pair of directions at right angles."""
    if len(values) != 2 or not all(values):
        return None
    first, second = values[0][0].upper(), values[1][0].upper()
    if first not in OPPOSITE or second not in OPPOSITE or second in {first, OPPOSITE[first]}:
        return None
    return first, second


def turn_to_front(orientation: tuple[str, str] | None) -> Turn | None:
    """Return the turn that brings a frontal picture to L\\F; None where the orientation is not a frontal one."""
    return TURNS.get(orientation) if orientation else None
