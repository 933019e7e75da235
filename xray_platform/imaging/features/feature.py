"""FeatureSettings: the contract of a feature: settings that know its names, its length and how it is computed."""

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from xray_platform.errors import InputError
from xray_platform.image_stack import Images
from xray_platform.imaging.step import Shape
from xray_platform.settings import Settings

FeatureMatrix = NDArray[np.float32]
"""(N, features): a row a picture."""


class FeatureSettings(Settings):
    """One kind of feature: flat frozen parameters; pictures in, a row of named numbers for each out."""

    @abstractmethod
    def shape(self, picture: Shape) -> Shape:
        """Return the shape in which the numbers of one picture of this shape (rows, columns) lie."""

    @abstractmethod
    def names(self, picture: Shape) -> list[str]:
        """Return the name of each number, for pictures of this shape (rows, columns), the last axis fastest."""

    @abstractmethod
    def compute(self, images: Images) -> FeatureMatrix:
        """Return float32 (N, len(names)) for float32 (N, rows, columns) in [0, 1], N at least 1."""

    @abstractmethod
    def describe(self) -> str:
        """Say in words what is measured."""


def grid_cells(shape: Shape, cell: int) -> tuple[int, int]:
    """Return how many whole cells fit down and across; raises InputError where not even one does."""
    down, across = shape[0] // cell, shape[1] // cell
    if not down or not across:
        raise InputError(f"cells of {cell} x {cell} pixels do not fit into pictures of {shape[0]} x {shape[1]}")
    return down, across
