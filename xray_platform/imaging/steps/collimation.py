"""Collimation: crop the even black or white borders that shutters, plates and padding leave."""

from typing import ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.imaging.box import Box, cut_box
from xray_platform.imaging.form import FULL, STORED, Form, Pixels, Window
from xray_platform.imaging.step import Found, Shape, StepSettings

LOOK_AT = 256  # the longer side of the picture in which the borders are looked for, in pixels
EVEN = 0.06  # a border's row or column has its middle 80 % within this share of the picture's range
EXTREME = 0.1  # and its median is so near to the darkest or brightest grey
ROUNDS = 3  # borders of rows uncover borders of columns, and the other way round


class CollimationSettings(StepSettings):
    """Take rows and columns away from the edges while they are even and nearly black or white."""

    kind: Literal["collimation"] = "collimation"
    most: float = Field(0.35, ge=0, lt=0.5, description="a border wider than this share of the side is left alone")

    takes: ClassVar[tuple[Form, ...]] = (STORED, FULL)
    gives: ClassVar[Form | None] = None

    def find(self, pixels: Pixels, window: Window | None = None) -> Found:  # noqa: ARG002 - looks at all greys
        small, scale = _small(pixels)
        return _exposed(small, self.most).scaled(scale, pixels.shape).found()

    def run(self, pixels: Pixels, found: Found) -> Pixels:
        return cut_box(pixels, Box.of(found))

    def shape(self, before: Shape | None) -> Shape | None:  # noqa: ARG002 - the picture decides
        return None

    def describe(self) -> str:
        return f"crop even black or white borders, each at most {self.most:.0%} of the side"


def _small(pixels: Pixels) -> tuple[NDArray[np.float32], float]:
    scale = max(max(pixels.shape) / LOOK_AT, 1.0)
    size = tuple(max(round(length / scale), 1) for length in pixels.shape)
    return cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_AREA).reshape(size).astype(np.float32), scale


def _exposed(small: NDArray[np.float32], most: float) -> Box:
    """Return the box inside the borders of a small picture."""
    low, high = (float(limit) for limit in np.percentile(small, (1, 99)))
    if high <= low:
        return Box(0, 0, *small.shape)
    unit = (small - low) / (high - low)
    box = Box(0, 0, *small.shape)
    for _ in range(ROUNDS):
        inside = unit[box.top : box.bottom, box.left : box.right]
        top, bottom = _borders(inside, box.top, small.shape[0], most)
        inside = inside[top - box.top : bottom - box.top]
        left, right = _borders(inside.T, box.left, small.shape[1], most)
        box = Box(top, left, bottom, right)
    return box


def _borders(rows: NDArray[np.float32], first: int, length: int, most: float) -> tuple[int, int]:
    """Return where the first and behind the last row lies that is no border; rows[0] is number `first` of `length`."""
    tenth, median, ninetieth = np.percentile(rows, (10, 50, 90), axis=1)
    extreme = (median < EXTREME) | (median > 1 - EXTREME)
    content = np.flatnonzero(~((ninetieth - tenth < EVEN) & extreme))
    if not len(content):
        return first, first + len(rows)
    before, behind = first + int(content[0]), first + int(content[-1]) + 1
    start = before if before <= most * length else first
    stop = behind if length - behind <= most * length else first + len(rows)
    return start, stop
