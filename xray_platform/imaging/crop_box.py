"""Crop box: a rectangle of whole pixels in a picture."""

from dataclasses import dataclass

from xray_platform.imaging.pixel_range import Pixels
from xray_platform.imaging.step import Found, Shape


@dataclass(frozen=True)
class CropBox:
    """Rows `top` to `bottom` and columns `left` to `right`, the last ones excluded, in pixels."""

    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def of(cls, found: Found) -> "CropBox":
        """Read the box from what a step found."""
        return cls(*(int(found[name]) for name in ("top", "left", "bottom", "right")))

    @property
    def shape(self) -> Shape:
        """Rows and columns of what lies in the box."""
        return self.bottom - self.top, self.right - self.left

    def found(self) -> Found:
        """Give the box as what a step found."""
        return {name: float(value) for name, value in vars(self).items()}

    def scaled(self, scale: float, shape: Shape) -> "CropBox":
        """Return the box in a picture of `shape` that is `scale` times as large, inside it and never empty."""
        return inside(self.top * scale, self.left * scale, self.bottom * scale, self.right * scale, shape)


def inside(top: float, left: float, bottom: float, right: float, shape: Shape) -> CropBox:
    """Return the box of these edges in whole pixels, inside a picture of `shape` and at least one pixel large."""
    first, last = _span(top, bottom, shape[0]), _span(left, right, shape[1])
    return CropBox(first[0], last[0], first[1], last[1])


def _span(start: float, stop: float, length: int) -> tuple[int, int]:
    low = min(max(round(start), 0), length - 1)
    return low, min(max(round(stop), low + 1), length)


def cut_box(pixels: Pixels, box: CropBox) -> Pixels:
    """Return a copy of what lies in the box; a box reaching out of the picture gives what is there."""
    return pixels[box.top : box.bottom, box.left : box.right].copy()
