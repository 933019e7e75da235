"""Glyphs: find the pieces of a picture that could be letters, and measure their strokes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np

from xray_platform.dicom.connected import connected, set_places

Array = np.ndarray[Any, np.dtype[Any]]

KERNEL = 13
FAINTEST_PIXEL, FAINTEST = 30, 44
LOWEST, FEWEST = 5, 6


class Glyphs(NamedTuple):
    """Pieces, one an entry: place and size in pixels, contrast in grey levels, and strokes along either axis.

    `stroke_x` is the mean length of the runs in its rows, `runs_x` their number; `stroke_y` and `runs_y` the same in
    its columns.
    """

    left: Array
    top: Array
    width: Array
    height: Array
    area: Array
    contrast: Array
    stroke_x: Array
    runs_x: Array
    stroke_y: Array
    runs_y: Array

    @property
    def right(self) -> Array:
        return self.left + self.width

    @property
    def bottom(self) -> Array:
        return self.top + self.height

    @property
    def number(self) -> int:
        return len(self.left)

    def taken(self, which: Array) -> "Glyphs":
        """Return the pieces that an index or a mask names."""
        return Glyphs(*(values[which] for values in self))

    def turned(self) -> "Glyphs":
        """Return the pieces with rows and columns exchanged, so that lines that run upwards run to the right."""
        return Glyphs(
            self.top, self.left, self.height, self.width, self.area, self.contrast,
            self.stroke_y, self.runs_y, self.stroke_x, self.runs_x,
        )  # fmt: skip


def joined(several: Sequence[Glyphs]) -> Glyphs:
    """Return the pieces of several searches as one."""
    return Glyphs(*(np.concatenate(values) for values in zip(*several, strict=True)))


def eight_bits(values: Array) -> Array:
    """Return grey values of any whole kind (rows, columns) as uint8, 0.1 to 99.9 percent of them spread over 0..255."""
    step = max(1, min(values.shape) // 256)
    low, high = (float(mark) for mark in np.percentile(values[::step, ::step], [0.1, 99.9]))
    if high <= low:
        low, high = float(values.min()), float(values.max())
    if values.dtype == np.uint8 and low <= 2 and high >= 250:
        return values
    if values.dtype not in (np.uint8, np.uint16):
        values, low, high = values.astype(np.float32) - np.float32(low), 0.0, high - low
    slope = 255 / max(high - low, 1.0)
    raised: Array = cv2.max(values, low)  # type: ignore[call-overload]  # the stubs know of arrays alone
    scaled: Array = cv2.convertScaleAbs(raised, alpha=slope, beta=-slope * low)
    return scaled


def find_glyphs(grey: Array, *, dark: bool, tallest: float, share: float) -> Glyphs:
    """Return bright (or dark) pieces of stroke in the outer `share` of each side of a uint8 picture.

    A top-hat keeps what is narrower than `KERNEL` pixels and stands out from its surroundings, whether they are bright
    or not. Pieces lower than 5 pixels, taller than `tallest` or long like a wire are left out.
    """
    operation = cv2.MORPH_BLACKHAT if dark else cv2.MORPH_TOPHAT
    square = np.ones((KERNEL, KERNEL), np.uint8)
    relief = cv2.morphologyEx(grey, operation, square, borderType=cv2.BORDER_REFLECT)
    mask = cv2.threshold(relief, FAINTEST_PIXEL, 1, cv2.THRESH_BINARY)[1]
    high, wide = (int(side * share) for side in mask.shape)
    mask[high : mask.shape[0] - high, wide : mask.shape[1] - wide] = 0
    return _plausible(_measured(mask, relief), tallest)


def _measured(mask: Array, relief: Array) -> Glyphs:
    """Measure the connected pieces of a mask from its set pixels alone, which are few."""
    places = set_places(mask)
    if not places.size:
        return Glyphs(*(np.zeros(0) for _ in Glyphs._fields))
    count, each = connected(mask, places)
    area, contrast, places, each = _without_noise(count, places, each, relief)
    count = area.size
    down, across = np.divmod(places, mask.shape[1])
    runs_x = np.bincount(each[(across == 0) | (mask[down, across - 1] == 0)], minlength=count)
    runs_y = np.bincount(each[(down == 0) | (mask[down - 1, across] == 0)], minlength=count)
    left, right = _ends(each, across, count)
    top, bottom = _ends(each, down, count)
    strokes = (area / np.maximum(runs_x, 1), runs_x, area / np.maximum(runs_y, 1), runs_y)
    return Glyphs(left, top, right - left, bottom - top, area, contrast, *strokes)


def _without_noise(count: int, places: Array, each: Array, relief: Array) -> tuple[Array, Array, Array, Array]:
    """Return area and contrast of pieces that are neither small nor faint, and their pixels: noise has thousands."""
    area = np.bincount(each, minlength=count).astype(float)
    contrast = np.bincount(each, weights=relief.ravel()[places], minlength=count) / area
    clear = (area >= FEWEST) & (contrast >= FAINTEST)
    kept = clear[each]
    return area[clear], contrast[clear], places[kept], (np.cumsum(clear) - 1)[each[kept]]


def _ends(each: Array, places: Array, count: int) -> tuple[Array, Array]:
    """Return for each label the first place and one past the last."""
    # of the same dtype as the places: numpy takes ten times as long over two dtypes
    first, last = np.full(count, np.iinfo(places.dtype).max, places.dtype), np.zeros(count, places.dtype)
    np.minimum.at(first, each, places)
    np.maximum.at(last, each, places + 1)
    return first.astype(float), last.astype(float)


def _plausible(found: Glyphs, tallest: float) -> Glyphs:
    small, large = np.minimum(found.width, found.height), np.maximum(found.width, found.height)
    sized = (small <= tallest) & (large >= LOWEST) & (large <= 8 * tallest)
    return found.taken(sized & (found.area >= 0.12 * found.width * found.height))
