"""Collimation: crop the even black or white borders that shutters, plates and padding leave."""

from typing import ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.imaging.affine import Affine
from xray_platform.imaging.crop_box import CropBox, cut_box
from xray_platform.imaging.pixel_range import FULL, STORED, PixelRange, Pixels, Window
from xray_platform.imaging.step import Found, Shape, StepSettings

WORKING_SIDE = 256  # the longer side of the picture in which the borders are looked for, in pixels
BLACK = 0.1  # a black border's rows lie below this, as a share of the picture's range, but for a tenth of their pixels
WHITE = 0.8  # a white border's rows lie above this, likewise
STEP = 0.15  # and a white border ends in a straight edge, a fall by this within EDGE rows in so many columns;
EDGE, ENOUGH = 4, 0.25  # without an edge it is an overexposed abdomen
ROUNDS = 3  # borders of rows uncover borders of columns, and the other way round


class CollimationSettings(StepSettings):
    """Take rows and columns away from the edges while they are black, or white up to a straight edge."""

    kind: Literal["collimation"] = Field("collimation", description="which step this is")
    most: float = Field(0.35, ge=0, lt=0.5, description="a border wider than this share of the side is left alone")

    takes: ClassVar[tuple[PixelRange, ...]] = (STORED, FULL)
    gives: ClassVar[PixelRange | None] = None

    def find(self, pixels: Pixels, window: Window | None = None) -> Found:  # noqa: ARG002 - looks at all greys
        small, scale = _small(pixels)
        return _exposed(small, self.most).scaled(scale, pixels.shape).found()

    def run(self, pixels: Pixels, found: Found) -> Pixels:
        return cut_box(pixels, CropBox.of(found))

    def origin(self, before: Shape, found: Found) -> Affine:  # noqa: ARG002 - the box says it all
        return Affine.moved(found["top"], found["left"])

    def shape_after(self, before: Shape, found: Found) -> Shape:  # noqa: ARG002 - the box says it all
        return CropBox.of(found).shape

    def shape(self, before: Shape | None) -> Shape | None:  # noqa: ARG002 - the picture decides
        return None

    def describe(self) -> str:
        return (
            f"crop black borders, and white ones that end in a straight edge, each at most {self.most:.0%} of the side"
        )


def _small(pixels: Pixels) -> tuple[NDArray[np.float32], float]:
    scale = max(max(pixels.shape) / WORKING_SIDE, 1.0)
    size = tuple(max(round(length / scale), 1) for length in pixels.shape)
    return cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_AREA).reshape(size).astype(np.float32), scale


def _exposed(small: NDArray[np.float32], most: float) -> CropBox:
    """Return the box inside the borders of a small picture."""
    low, high = (float(limit) for limit in np.percentile(small, (1, 99)))
    if high <= low:
        return CropBox(0, 0, *small.shape)
    unit = (small - low) / (high - low)
    box = CropBox(0, 0, *small.shape)
    for _ in range(ROUNDS):
        inside = unit[box.top : box.bottom, box.left : box.right]
        top, bottom = _borders(inside, box.top, small.shape[0], most)
        inside = inside[top - box.top : bottom - box.top]
        left, right = _borders(inside.T, box.left, small.shape[1], most)
        box = CropBox(top, left, bottom, right)
    return box


def _borders(rows: NDArray[np.float32], first: int, length: int, most: float) -> tuple[int, int]:
    """Return where the first and behind the last row lies that is no border; rows[0] is number `first` of `length`."""
    before, behind = _border(rows), _border(rows[::-1])
    start = first + before if first + before <= most * length else first
    stop = first + len(rows) - behind
    return start, stop if length - stop <= most * length and stop > start else first + len(rows)


def _border(rows: NDArray[np.float32]) -> int:
    """Return how many of the first rows are a border, black or white; 0 where all of them seem to be."""
    tenth, ninetieth = np.percentile(rows, (10, 90), axis=1)
    black, white = _leading(ninetieth < BLACK), _leading(tenth > WHITE)
    if white and white + EDGE < len(rows):
        fall = rows[max(white - EDGE, 0)] - rows[white + EDGE]
        white = white if np.mean(fall > STEP) >= ENOUGH else 0
    border = max(black, white)
    return border if border < len(rows) else 0


def _leading(flags: NDArray[np.bool_]) -> int:
    return len(flags) if flags.all() else int(np.argmin(flags))
