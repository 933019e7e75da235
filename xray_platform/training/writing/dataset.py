"""Dataset: crops of radiographs with made-up writing in them, and the text detector's target for each cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from xray_platform.networks.text_detector import CHANNELS, STRIDE
from xray_platform.training.writing.distractors import distract
from xray_platform.training.writing.fonts import FontSet
from xray_platform.training.writing.plates import INITIALS, MARKER, initials, plate
from xray_platform.training.writing.render import Ink, Writing, draw
from xray_platform.training.writing.scene import (
    FAINT,
    Cover,
    Grey,
    Place,
    Sign,
    any_look,
    bounds,
    burn,
    laid,
    marker,
    region,
    turned,
)  # fmt: skip
from xray_platform.training.writing.wear import enlarged, worn
from xray_platform.training.writing.words import Rng

SIDE = 256
SMALLEST, LARGEST = 5.0, 50.0  # heights of capital letters, in pixels
LEAST_ENLARGED = 9.0  # smaller letters of a crop that was reduced and enlarged may not be legible: they do not count
TEXT_IN_DOUBT, MARKER_IN_DOUBT = 1, 2
IN_DOUBT = TEXT_IN_DOUBT + MARKER_IN_DOUBT
Cells = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, eq=False)
class Background:
    """A picture (rows, columns) uint8 to write upon, and where it seems to bear its own, if known.

    `doubtful` is 0, or the sum of TEXT_IN_DOUBT and MARKER_IN_DOUBT. A picture that is `bare` is known to bear none
    but markers; `mistakes` are places (row, column) at which the detector saw writing in it.
    """

    grey: Grey
    doubtful: Cover | None = None
    bare: bool = False
    mistakes: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, eq=False)
class TrainingExample:
    """A crop (256, 256) uint8; target (5, 64, 64) 0 or 1 by cell and channel; and how much each of these counts."""

    grey: Grey
    target: Cells
    weight: Cells


@dataclass(frozen=True, eq=False)
class Material:
    """What examples are made of: backgrounds by set, writings, and fonts for markers."""

    sets: Sequence[Sequence[Background]]
    shares: Sequence[float]
    writings: Sequence[Writing]
    fonts: FontSet


class _Sheet:
    """An example in the making."""

    def __init__(self, background: Background, rng: Rng) -> None:
        self.grey = background.grey
        self.enlarged = rng.random() < 0.3
        self.regions = np.zeros((len(CHANNELS), *self.grey.shape), np.uint8)
        self.unsure = np.zeros_like(self.grey) if background.doubtful is None else background.doubtful.copy()
        self.taken = self.unsure.copy()
        self.rng = rng

    def room_for(self, ink: Ink, height: float) -> Place | None:
        """Return a place at which ink keeps away from what is there; None where six tries found none."""
        for _ in range(6):
            (rows, columns), side = ink.shape, len(self.grey)
            top = int(self.rng.integers(-rows // 4, max(side - rows * 3 // 4, 1)))
            left = int(self.rng.integers(min(-columns // 4, side // 2 - columns), max(side - columns * 3 // 4, 1)))
            gap = round(height * 1.1) + 3
            around = (
                slice(max(top - gap, 0), max(top + rows + gap, 0)),
                slice(max(left - gap, 0), max(left + columns + gap, 0)),
            )
            if not self.taken[around].any():
                self.taken[around] = 1
                return Place(top, left)
        return None

    def put(self, ink: Ink, height: float, least: float) -> tuple[Cover, float] | None:
        """Burn ink in somewhere; return its cover and how much it stands out; None where there is no room."""
        place = self.room_for(ink, height)
        if place is None:
            return None
        there = self.grey[max(place.top, 0) : place.top + len(ink), max(place.left, 0) : place.left + ink.shape[1]]
        look = any_look(there if there.size else self.grey, self.rng, least)
        self.grey, cover, seen = burn(self.grey, ink, place, look)
        return cover, seen


def make_example(material: Material, rng: Rng, side: int = SIDE) -> TrainingExample:
    """Return an example drawn at random, a crop of `side` x `side` pixels."""
    sheet = _Sheet(_drawn_background(material, rng, side), rng)
    sheet.grey = distract(sheet.grey, rng)
    for _ in range(int(rng.choice([0, 1, 2, 3, 4], p=[0.15, 0.25, 0.25, 0.2, 0.15])) * side // SIDE):
        _add_writing(sheet, material, rng)
    if rng.random() < 0.4:
        _add_marker(sheet, material, rng)
    if rng.random() < 0.2:
        _add_plate(sheet, material, rng)
    if rng.random() < 0.12:
        _add_other_sign(sheet, material, rng)
    return _finished(sheet, rng)


def _drawn_background(material: Material, rng: Rng, side: int) -> Background:
    pictures = material.sets[int(rng.choice(len(material.sets), p=material.shares))]
    if rng.random() < 0.05:
        return Background(_plain(rng, side))
    source = pictures[int(rng.integers(len(pictures)))]
    grey, doubtful = _crop(source, rng, side)
    turns, flip = int(rng.integers(4)) if rng.random() < 0.5 else 0, rng.random() < 0.5
    grey, doubtful = (np.rot90(part, turns)[:, :: -1 if flip else 1] for part in (grey, doubtful))
    return Background(toned(np.ascontiguousarray(grey), rng), np.ascontiguousarray(doubtful))


def _plain(rng: Rng, side: int) -> Grey:
    level, noise = rng.uniform(0, 255), rng.uniform(0, 8) * (rng.random() < 0.7)
    slope = np.linspace(-1, 1, side)[:, None] * rng.uniform(0, 60)
    return np.asarray(np.clip(level + slope + rng.normal(0, 1, (side, side)) * noise, 0, 255), np.uint8)


def _crop(source: Background, rng: Rng, side: int) -> tuple[Grey, Cover]:
    rows, columns = source.grey.shape
    least = side / min(rows, columns)
    zoom = float(np.exp(rng.uniform(np.log(least), np.log(max(least * 1.2, 2.2 if rows < 600 else 1.0)))))
    taken = min(round(side / zoom), rows, columns)
    top, left = _corner(source, taken, rng)
    part = (slice(top, top + taken), slice(left, left + taken))
    smaller = cv2.INTER_AREA if taken > side else int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
    grey = np.asarray(cv2.resize(source.grey[part], (side, side), interpolation=smaller), np.uint8)
    if source.doubtful is None:
        return grey, np.zeros((side, side), np.uint8)
    doubtful = cv2.resize(source.doubtful[part], (side, side), interpolation=cv2.INTER_NEAREST)
    return grey, np.asarray(doubtful, np.uint8)


def _corner(source: Background, side: int, rng: Rng) -> tuple[int, int]:
    """Return the upper left corner of a crop: often around a mistake, or else at the picture's edge."""
    rows, columns = source.grey.shape
    if source.mistakes and rng.random() < 0.7:
        place = source.mistakes[int(rng.integers(len(source.mistakes)))]
        first, second = (round(at - rng.uniform(0.15, 0.85) * side) for at in place)
        return min(max(first, 0), rows - side), min(max(second, 0), columns - side)
    top, left = int(rng.integers(rows - side + 1)), int(rng.integers(columns - side + 1))
    if rng.random() < 0.3:
        return int(rng.choice([0, top, rows - side])), int(rng.choice([0, left, columns - side]))
    return top, left


def toned(grey: Grey, rng: Rng) -> Grey:
    """Return a picture at another contrast and brightness, or as its negative."""
    levels = np.linspace(0, 1, 256) ** np.exp(rng.normal(0, 0.35))
    if rng.random() < 0.4:
        low, high = sorted(rng.uniform(0, 1, 2)) if rng.random() < 0.3 else (rng.uniform(0, 0.3), rng.uniform(0.7, 1))
        levels = low + levels * (high - low)
    if rng.random() < 0.3:
        levels = 1 - levels
    return np.asarray(cv2.LUT(grey, np.round(levels * 255).astype(np.uint8)))


def _angle(rng: Rng) -> float:
    kind = rng.random()
    if kind < 0.5:
        return 0.0
    if kind < 0.7:
        return float(rng.choice([90, 180, 270]))
    return float(rng.normal(0, 5) + 90 * rng.integers(4)) if kind < 0.85 else float(rng.uniform(0, 360))


def _add_writing(sheet: _Sheet, material: Material, rng: Rng) -> None:
    writing = material.writings[int(rng.integers(len(material.writings)))]
    ink = turned(writing.ink, _angle(rng), mirrored=rng.random() < 0.12)
    put = sheet.put(ink, writing.height, 0.11) if ink.size else None
    if put is None:
        return
    cover, seen = put
    whole = region(cover, writing.height, writing.kind)
    top, left, bottom, right = bounds(cover)
    little = max(bottom - top, right - left) < 1.6 * writing.height
    if seen < FAINT or little or (sheet.enlarged and writing.height < LEAST_ENLARGED):
        sheet.unsure |= np.asarray(cv2.dilate(whole, np.ones((5, 5), np.uint8)) * IN_DOUBT, np.uint8)
    else:
        sheet.regions[0] |= whole


def _add_marker(sheet: _Sheet, material: Material, rng: Rng) -> None:
    sign: Sign = "L" if rng.random() < 0.5 else "R"
    size, mirrored = _size(rng, 8.0, 64.0), rng.random() < 0.5
    readable = rng.random() < 0.85
    degrees = rng.normal(0, 8) * (rng.random() < 0.7) if readable else rng.uniform(0, 360)
    ink = turned(
        marker(material.fonts, size, sign, rng),
        float(np.clip(degrees, -30, 30) if readable else degrees),
        mirrored=mirrored,
    )
    put = sheet.put(ink, size, 0.13) if ink.size else None
    if put is None:
        return
    cover, seen = put
    top, left, bottom, right = bounds(cover)
    whole = (bottom - top, right - left) >= (
        0.9 * ink.shape[0],
        0.9 * ink.shape[1],
    ) and right - left >= 0.9 * ink.shape[1]
    box = np.zeros_like(cover)
    box[top:bottom, left:right] = 1
    if readable and whole and seen >= FAINT and not (sheet.enlarged and size < LEAST_ENLARGED):
        sheet.regions[(1 if sign == "L" else 2) + (2 if mirrored else 0)] |= box
    else:
        sheet.unsure |= box * np.uint8(IN_DOUBT)


def _add_plate(sheet: _Sheet, material: Material, rng: Rng) -> None:
    """Add a marker with somebody's initials or a word beside it, as technicians use them, turned or mirrored as one."""
    sign: Sign = "L" if rng.random() < 0.5 else "R"
    size, mirrored = _size(rng, 12.0, 60.0), rng.random() < 0.5
    height = size * rng.uniform(0.35, 1.0)
    letters = initials(material.fonts, height, rng)
    letter = marker(material.fonts, size, sign, rng)
    if not letter.size or not letters.size:
        return
    degrees = 0.0 if rng.random() < 0.5 else float(rng.choice([90, 180, 270, rng.uniform(-30, 30)]))
    ink, parts = plate(letter, letters, degrees, rng, mirrored=mirrored)
    place = sheet.room_for(ink, size / 2)
    if place is None:
        return
    sheet.grey, cover, seen = burn(sheet.grey, ink, place, any_look(sheet.grey, rng))
    parts = laid(parts, cover.shape, place)
    written = region(cover * (parts == INITIALS), height, "printed")
    top, left, bottom, right = bounds(cover * (parts == MARKER))
    box = np.zeros_like(cover)
    box[top:bottom, left:right] = 1
    box &= written == 0
    if seen < FAINT or height < (LEAST_ENLARGED if sheet.enlarged else SMALLEST) or 2 * written.sum() < height**2:
        sheet.unsure |= np.asarray((written | box) * IN_DOUBT, np.uint8)
        return
    sheet.regions[0] |= written
    if abs(degrees) <= 30 and min(bottom - top, right - left) >= 0.3 * size:
        sheet.regions[(1 if sign == "L" else 2) + (2 if mirrored else 0)] |= box
    else:
        sheet.unsure |= box * np.uint8(MARKER_IN_DOUBT)


def _add_other_sign(sheet: _Sheet, material: Material, rng: Rng) -> None:
    """Add a lone sign that is neither L nor R: nobody can say whether it is writing, so it does not count."""
    size = _size(rng, 6.0, 50.0)
    sign = "ABCDEFGHJKPSTUXYZ123456789"[int(rng.integers(26))]
    ink = draw(sign, material.fonts.choose("latin", rng), size)
    put = sheet.put(ink, size, 0.13) if ink.size else None
    if put is not None:
        top, left, bottom, right = bounds(put[0])
        sheet.unsure[max(top - 4, 0) : bottom + 4, max(left - 4, 0) : right + 4] = IN_DOUBT


def _size(rng: Rng, least: float = SMALLEST, most: float = LARGEST) -> float:
    return float(np.exp(rng.uniform(np.log(least), np.log(most))))


def _finished(sheet: _Sheet, rng: Rng) -> TrainingExample:
    grey = worn(enlarged(sheet.grey, rng) if sheet.enlarged else sheet.grey, rng)
    shares = np.stack([_cells(part) for part in sheet.regions])
    target = (shares > 0.5).astype(np.float32)
    sure = ((shares < 0.02) | (shares > 0.5)).astype(np.float32)
    weight = np.concatenate([sure[:1], np.repeat(sure[1:].min(0, keepdims=True), len(CHANNELS) - 1, 0)])
    for channels, doubt in ((slice(0, 1), TEXT_IN_DOUBT), (slice(1, None), MARKER_IN_DOUBT)):
        weight[channels] *= _cells(np.asarray(sheet.unsure & doubt > 0, np.uint8)) < 0.02
    return TrainingExample(np.ascontiguousarray(grey), target, weight)


def _cells(cover: Cover) -> Cells:
    """Return which share of each cell is covered."""
    side = len(cover) // STRIDE
    if not cover.any():
        return np.zeros((side, side), np.float32)
    shares = cv2.resize(cover * np.uint8(240), (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(shares, np.float32) / np.float32(240)
