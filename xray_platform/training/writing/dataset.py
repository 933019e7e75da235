"""Lessons: crops of radiographs with made-up writing in them, and what the text detector should say of each cell."""

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
from xray_platform.training.writing.words import Chance

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
class Lesson:
    """A crop (256, 256) uint8; truth (5, 64, 64) 0 or 1 by cell and channel; and how much each of these counts."""

    grey: Grey
    truth: Cells
    weight: Cells


@dataclass(frozen=True, eq=False)
class Material:
    """What lessons are made of: backgrounds by set, writings, and fonts for markers."""

    sets: Sequence[Sequence[Background]]
    shares: Sequence[float]
    writings: Sequence[Writing]
    fonts: FontSet


class _Sheet:
    """A lesson in the making."""

    def __init__(self, background: Background, chance: Chance) -> None:
        self.grey = background.grey
        self.enlarged = chance.random() < 0.3
        self.regions = np.zeros((len(CHANNELS), *self.grey.shape), np.uint8)
        self.unsure = np.zeros_like(self.grey) if background.doubtful is None else background.doubtful.copy()
        self.taken = self.unsure.copy()
        self.chance = chance

    def room_for(self, ink: Ink, height: float) -> Place | None:
        """Return a place at which ink keeps away from what is there; None where six tries found none."""
        for _ in range(6):
            (rows, columns), side = ink.shape, len(self.grey)
            top = int(self.chance.integers(-rows // 4, max(side - rows * 3 // 4, 1)))
            left = int(self.chance.integers(min(-columns // 4, side // 2 - columns), max(side - columns * 3 // 4, 1)))
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
        look = any_look(there if there.size else self.grey, self.chance, least)
        self.grey, cover, seen = burn(self.grey, ink, place, look)
        return cover, seen


def make_lesson(material: Material, chance: Chance, side: int = SIDE) -> Lesson:
    """Return a lesson drawn by chance, a crop of `side` x `side` pixels."""
    sheet = _Sheet(_drawn_background(material, chance, side), chance)
    sheet.grey = distract(sheet.grey, chance)
    for _ in range(int(chance.choice([0, 1, 2, 3, 4], p=[0.15, 0.25, 0.25, 0.2, 0.15])) * side // SIDE):
        _add_writing(sheet, material, chance)
    if chance.random() < 0.4:
        _add_marker(sheet, material, chance)
    if chance.random() < 0.2:
        _add_plate(sheet, material, chance)
    if chance.random() < 0.12:
        _add_other_sign(sheet, material, chance)
    return _finished(sheet, chance)


def _drawn_background(material: Material, chance: Chance, side: int) -> Background:
    pictures = material.sets[int(chance.choice(len(material.sets), p=material.shares))]
    if chance.random() < 0.05:
        return Background(_plain(chance, side))
    source = pictures[int(chance.integers(len(pictures)))]
    grey, doubtful = _crop(source, chance, side)
    turns, flip = int(chance.integers(4)) if chance.random() < 0.5 else 0, chance.random() < 0.5
    grey, doubtful = (np.rot90(part, turns)[:, :: -1 if flip else 1] for part in (grey, doubtful))
    return Background(toned(np.ascontiguousarray(grey), chance), np.ascontiguousarray(doubtful))


def _plain(chance: Chance, side: int) -> Grey:
    level, noise = chance.uniform(0, 255), chance.uniform(0, 8) * (chance.random() < 0.7)
    slope = np.linspace(-1, 1, side)[:, None] * chance.uniform(0, 60)
    return np.asarray(np.clip(level + slope + chance.normal(0, 1, (side, side)) * noise, 0, 255), np.uint8)


def _crop(source: Background, chance: Chance, side: int) -> tuple[Grey, Cover]:
    rows, columns = source.grey.shape
    least = side / min(rows, columns)
    zoom = float(np.exp(chance.uniform(np.log(least), np.log(max(least * 1.2, 2.2 if rows < 600 else 1.0)))))
    taken = min(round(side / zoom), rows, columns)
    top, left = _corner(source, taken, chance)
    part = (slice(top, top + taken), slice(left, left + taken))
    smaller = cv2.INTER_AREA if taken > side else int(chance.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
    grey = np.asarray(cv2.resize(source.grey[part], (side, side), interpolation=smaller), np.uint8)
    if source.doubtful is None:
        return grey, np.zeros((side, side), np.uint8)
    doubtful = cv2.resize(source.doubtful[part], (side, side), interpolation=cv2.INTER_NEAREST)
    return grey, np.asarray(doubtful, np.uint8)


def _corner(source: Background, side: int, chance: Chance) -> tuple[int, int]:
    """Return the upper left corner of a crop: often around a mistake, or else at the picture's edge."""
    rows, columns = source.grey.shape
    if source.mistakes and chance.random() < 0.7:
        place = source.mistakes[int(chance.integers(len(source.mistakes)))]
        first, second = (round(at - chance.uniform(0.15, 0.85) * side) for at in place)
        return min(max(first, 0), rows - side), min(max(second, 0), columns - side)
    top, left = int(chance.integers(rows - side + 1)), int(chance.integers(columns - side + 1))
    if chance.random() < 0.3:
        return int(chance.choice([0, top, rows - side])), int(chance.choice([0, left, columns - side]))
    return top, left


def toned(grey: Grey, chance: Chance) -> Grey:
    """Return a picture at another contrast and brightness, or as its negative."""
    levels = np.linspace(0, 1, 256) ** np.exp(chance.normal(0, 0.35))
    if chance.random() < 0.4:
        low, high = (
            sorted(chance.uniform(0, 1, 2))
            if chance.random() < 0.3
            else (chance.uniform(0, 0.3), chance.uniform(0.7, 1))
        )
        levels = low + levels * (high - low)
    if chance.random() < 0.3:
        levels = 1 - levels
    return np.asarray(cv2.LUT(grey, np.round(levels * 255).astype(np.uint8)))


def _angle(chance: Chance) -> float:
    kind = chance.random()
    if kind < 0.5:
        return 0.0
    if kind < 0.7:
        return float(chance.choice([90, 180, 270]))
    return float(chance.normal(0, 5) + 90 * chance.integers(4)) if kind < 0.85 else float(chance.uniform(0, 360))


def _add_writing(sheet: _Sheet, material: Material, chance: Chance) -> None:
    writing = material.writings[int(chance.integers(len(material.writings)))]
    ink = turned(writing.ink, _angle(chance), mirrored=chance.random() < 0.12)
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


def _add_marker(sheet: _Sheet, material: Material, chance: Chance) -> None:
    sign: Sign = "L" if chance.random() < 0.5 else "R"
    size, mirrored = _size(chance, 8.0, 64.0), chance.random() < 0.5
    readable = chance.random() < 0.85
    degrees = chance.normal(0, 8) * (chance.random() < 0.7) if readable else chance.uniform(0, 360)
    ink = turned(
        marker(material.fonts, size, sign, chance),
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


def _add_plate(sheet: _Sheet, material: Material, chance: Chance) -> None:
    """Add a marker with somebody's initials or a word beside it, as technicians use them, turned or mirrored as one."""
    sign: Sign = "L" if chance.random() < 0.5 else "R"
    size, mirrored = _size(chance, 12.0, 60.0), chance.random() < 0.5
    height = size * chance.uniform(0.35, 1.0)
    letters = initials(material.fonts, height, chance)
    letter = marker(material.fonts, size, sign, chance)
    if not letter.size or not letters.size:
        return
    degrees = 0.0 if chance.random() < 0.5 else float(chance.choice([90, 180, 270, chance.uniform(-30, 30)]))
    ink, parts = plate(letter, letters, degrees, chance, mirrored=mirrored)
    place = sheet.room_for(ink, size / 2)
    if place is None:
        return
    sheet.grey, cover, seen = burn(sheet.grey, ink, place, any_look(sheet.grey, chance))
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


def _add_other_sign(sheet: _Sheet, material: Material, chance: Chance) -> None:
    """Add a lone sign that is neither L nor R: nobody can say whether it is writing, so it does not count."""
    size = _size(chance, 6.0, 50.0)
    sign = "ABCDEFGHJKPSTUXYZ123456789"[int(chance.integers(26))]
    ink = draw(sign, material.fonts.drawn("latin", chance), size)
    put = sheet.put(ink, size, 0.13) if ink.size else None
    if put is not None:
        top, left, bottom, right = bounds(put[0])
        sheet.unsure[max(top - 4, 0) : bottom + 4, max(left - 4, 0) : right + 4] = IN_DOUBT


def _size(chance: Chance, least: float = SMALLEST, most: float = LARGEST) -> float:
    return float(np.exp(chance.uniform(np.log(least), np.log(most))))


def _finished(sheet: _Sheet, chance: Chance) -> Lesson:
    grey = worn(enlarged(sheet.grey, chance) if sheet.enlarged else sheet.grey, chance)
    shares = np.stack([_cells(part) for part in sheet.regions])
    truth = (shares > 0.5).astype(np.float32)
    sure = ((shares < 0.02) | (shares > 0.5)).astype(np.float32)
    weight = np.concatenate([sure[:1], np.repeat(sure[1:].min(0, keepdims=True), len(CHANNELS) - 1, 0)])
    for channels, doubt in ((slice(0, 1), TEXT_IN_DOUBT), (slice(1, None), MARKER_IN_DOUBT)):
        weight[channels] *= _cells(np.asarray(sheet.unsure & doubt > 0, np.uint8)) < 0.02
    return Lesson(np.ascontiguousarray(grey), truth, weight)


def _cells(cover: Cover) -> Cells:
    """Return which share of each cell is covered."""
    side = len(cover) // STRIDE
    if not cover.any():
        return np.zeros((side, side), np.float32)
    shares = cv2.resize(cover * np.uint8(240), (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(shares, np.float32) / np.float32(240)
