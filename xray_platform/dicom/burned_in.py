"""Burned-in text: find lines of text in the border of a picture, and paint them over."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from xray_platform.dicom.decode import Pixels
from xray_platform.dicom.glyphs import Array, eight_bits, find_glyphs, joined
from xray_platform.dicom.text_lines import Box, text_boxes

DETECTOR = "border detector 1"
BORDER = 0.25
TALLEST, TALLEST_SHARE = 40.0, 0.05
COARSE = 0.4
SMALLEST_SIDE = 48


@dataclass(frozen=True)
class TextLine:
    """A rectangle around a line of text, in pixels; `bottom` and `right` are one past the last."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def area(self) -> int:
        return (self.bottom - self.top) * (self.right - self.left)


def find_text(values: Pixels) -> tuple[TextLine, ...]:
    """Return the lines of text in the outer quarter of each side of a grey picture (rows, columns), of any whole dtype.

    Looked for are rows of three or more letters, bright or dark, upright or turned by a quarter, straight or mirrored,
    5 pixels high or more and up to a twentieth of the shorter side. A marker of one or two letters (L, R, AP) is no
    line. Rectangles that overlap are put together.
    """
    if min(values.shape) < SMALLEST_SIDE:
        return ()
    grey = eight_bits(values)
    tallest = max(TALLEST_SHARE * min(grey.shape), 10.0)
    found = [_scaled(box, 1.0, grey.shape) for box in _boxes(grey, min(TALLEST, tallest))]
    if tallest > TALLEST:
        # Halving first takes an eighth of the time: OpenCV has a short cut for it.
        half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        coarse = cv2.resize(half, None, fx=COARSE / 0.5, fy=COARSE / 0.5, interpolation=cv2.INTER_LINEAR)
        found += [_scaled(box, 1 / COARSE, grey.shape) for box in _boxes(coarse, min(TALLEST, tallest * COARSE))]
    return _joined(found)


def _boxes(grey: Array, tallest: float) -> Iterator[Box]:
    found = [find_glyphs(grey, dark=dark, tallest=tallest, share=BORDER) for dark in (False, True)]
    both = joined(found)
    for glyphs in found:
        yield from text_boxes(glyphs, both, tallest)
        for box in text_boxes(glyphs.turned(), both.turned(), tallest):
            yield Box(box.top, box.left, box.bottom, box.right)


def _scaled(box: Box, factor: float, shape: tuple[int, ...]) -> TextLine:
    rows, columns = shape[:2]
    return TextLine(
        max(math.floor(box.top * factor), 0),
        max(math.floor(box.left * factor), 0),
        min(math.ceil(box.bottom * factor), rows),
        min(math.ceil(box.right * factor), columns),
    )


def _joined(lines: Sequence[TextLine]) -> tuple[TextLine, ...]:
    """Put rectangles together that overlap by more than half of the smaller one."""
    kept: list[TextLine] = []
    for line in sorted(lines, key=lambda line: -line.area):
        partner = next((other for other in kept if _overlap(line, other) > 0.5 * line.area), None)
        if partner is None:
            kept.append(line)
        else:
            kept[kept.index(partner)] = TextLine(
                min(line.top, partner.top), min(line.left, partner.left),
                max(line.bottom, partner.bottom), max(line.right, partner.right),
            )  # fmt: skip
    return tuple(sorted(kept, key=lambda line: (line.top, line.left)))


def _overlap(one: TextLine, other: TextLine) -> int:
    high = min(one.bottom, other.bottom) - max(one.top, other.top)
    wide = min(one.right, other.right) - max(one.left, other.left)
    return max(high, 0) * max(wide, 0)


def mask_text(values: Pixels, lines: Sequence[TextLine]) -> Pixels:
    """Return a copy in which each line is painted over with the median of the pixels around its rectangle."""
    masked = values.copy()
    for line in lines:
        masked[line.top : line.bottom, line.left : line.right] = _surroundings(values, line)
    return masked


def _surroundings(values: Pixels, line: TextLine, width: int = 3) -> int:
    top, left = max(line.top - width, 0), max(line.left - width, 0)
    area = values[top : line.bottom + width, left : line.right + width]
    frame = np.ones(area.shape, bool)
    frame[line.top - top : line.bottom - top, line.left - left : line.right - left] = False
    around = area[frame] if frame.any() else area
    return int(np.median(around))
