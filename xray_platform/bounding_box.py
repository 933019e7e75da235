"""Bounding box: a rectangle in the pixels of some picture."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BoundingBox:
    """A rectangle in pixels: its upper and left edge, height and width.

    Edges lie between pixels: the whole of a picture is 0, 0, its rows and its columns.
    """

    top: float
    left: float
    height: float
    width: float

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def right(self) -> float:
        return self.left + self.width
