"""Affine: where the pixels of a changed picture lay before, as one matrix, so that maps and boxes can be laid back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xray_platform.bounding_box import BoundingBox

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Affine:
    """From places in a changed picture to places in the one before; whole numbers are the centres of pixels.

    `matrix` (3, 3) takes (column, row, 1).

    >>> half = Affine.scaled((2, 2), (4, 4))
    >>> half.place(0, 0)
    (0.5, 0.5)
    >>> half.then(Affine.moved(10, 20)).place(1, 0)
    (12.5, 20.5)
    """

    matrix: Matrix

    @classmethod
    def identity(cls) -> "Affine":
        return cls(np.eye(3))

    @classmethod
    def moved(cls, rows: float, columns: float) -> "Affine":
        """Give the place `rows` further down and `columns` further right, as after a crop."""
        return cls(np.array([[1.0, 0.0, columns], [0.0, 1.0, rows], [0.0, 0.0, 1.0]]))

    @classmethod
    def scaled(cls, shape: tuple[int, int], before: tuple[int, int]) -> "Affine":
        """Give the place in a picture of the shape `before` that was scaled to `shape`; edges lie on edges."""
        down, right = before[0] / shape[0], before[1] / shape[1]
        return cls(np.array([[right, 0.0, (right - 1) / 2], [0.0, down, (down - 1) / 2], [0.0, 0.0, 1.0]]))

    @property
    def inverse(self) -> "Affine":
        """The way back."""
        return Affine(np.asarray(np.linalg.inv(self.matrix), dtype=np.float64))

    def then(self, before: "Affine") -> "Affine":
        """Return where places lay before the step before this one."""
        return Affine(before.matrix @ self.matrix)

    def box(self, box: BoundingBox) -> BoundingBox:
        """Return the upright rectangle around where a box of the changed picture lay before.

        >>> Affine.scaled((2, 2), (4, 4)).box(BoundingBox(0, 1, 2, 1))
        BoundingBox(top=0.0, left=2.0, height=4.0, width=2.0)
        """
        corners = [(row - 0.5, column - 0.5) for row in (box.top, box.bottom) for column in (box.left, box.right)]
        rows, columns = zip(*(self.place(*corner) for corner in corners), strict=True)
        top, left = min(rows), min(columns)
        return BoundingBox(top + 0.5, left + 0.5, max(rows) - top, max(columns) - left)

    def place(self, row: float, column: float) -> tuple[float, float]:
        """Return row and column before, of a row and column after."""
        x, y, _ = self.matrix @ np.array([column, row, 1.0])
        return float(y), float(x)
