"""Trial: one line of writing in one picture, under stated conditions, to see whether anything of it stays readable."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from xray_platform.training.writing.fonts import FontSet
from xray_platform.training.writing.render import KINDS, Ink, Kind, write
from xray_platform.training.writing.scene import Cover, Grey, Look, Place, burn, turned
from xray_platform.training.writing.words import Rng

Where = Literal["border", "across the border", "centre"]
Turn = Literal["level", "upright", "slanted"]
CONTRASTS = (0.15, 0.3, 0.6, 1.0)
WHERE: tuple[Where, ...] = ("border", "across the border", "centre")
TURNS: tuple[Turn, ...] = ("level", "upright", "slanted")
BORDER = 0.25


@dataclass(frozen=True)
class Conditions:
    """How a line is written: height of capitals in pixels, contrast as a share of the range, and so on."""

    kind: Kind
    script: str
    signs: int
    height: float
    contrast: float
    bright: bool
    where: Where
    turn: Turn


@dataclass(frozen=True, eq=False)
class Trial:
    """A picture (rows, columns) uint8 with a line in it, where its ink is (0 or 1), and the conditions."""

    grey: Grey
    ink: Cover
    conditions: Conditions


def make_trial(picture: Grey, fonts: FontSet, rng: Rng, least: float, most: float) -> Trial | None:
    """Return a trial with letters of `least` to `most` pixels; None where the line does not fit or cannot be seen."""
    height = float(np.exp(rng.uniform(np.log(least), np.log(max(most, least)))))
    kind = KINDS[int(rng.choice(len(KINDS), p=[0.7, 0.08, 0.08, 0.07, 0.07]))]
    writing = write(fonts, height, rng, kind)
    turn, where = TURNS[int(rng.choice(3, p=[0.5, 0.25, 0.25]))], WHERE[int(rng.integers(3))]
    ink = turned(writing.ink, degrees_of(turn, rng)) if writing.ink.size else writing.ink
    place = place_for(ink, picture.shape, where, rng)
    if place is None or not ink.size:
        return None
    contrast = any_contrast(rng)
    line = burn_line(picture, ink, place, contrast, rng)
    if line is None:
        return None
    burnt, cover, bright = line
    signs = len(writing.text.replace(" ", "")) if kind != "handwritten" else 3
    conditions = Conditions(kind, writing.script, signs, height, contrast, bright, where, turn)
    return Trial(burnt, cover, conditions)


def any_contrast(rng: Rng) -> float:
    """Return one of the contrasts, as a share of the range of grey."""
    return CONTRASTS[int(rng.integers(len(CONTRASTS)))]


def burn_line(picture: Grey, ink: Ink, place: Place, contrast: float, rng: Rng) -> tuple[Grey, Cover, bool] | None:
    """Return a picture with a line in it, brighter or darker than what it covers; its ink (0 or 1); if it is brighter.

    None where it cannot be seen as it should.
    """
    behind = picture[place.top : place.top + len(ink), place.left : place.left + ink.shape[1]][ink > 128]
    level = float(np.median(behind)) if behind.size else 0.0
    bright = level + 255 * contrast <= 255 if rng.random() < 0.5 else level - 255 * contrast < 0
    grey = min(max(level + 255 * contrast * (1 if bright else -1), 0), 255)
    burnt, cover, seen = burn(picture, ink, place, Look(grey))
    return None if seen < min(0.8 * 255 * contrast, 120) else (burnt, cover, bright)


def left_readable(trial: Trial, painted: Cover) -> bool:
    """Say whether more than a twentieth of a line's ink is not painted over (`painted`: rows, columns; 0 or 1)."""
    return share_painted(trial.ink, painted) < 0.95


def share_painted(ink: Cover, painted: Cover) -> float:
    """Return which share of some ink is painted over (both: rows, columns; 0 or 1)."""
    return float((painted[ink > 0] > 0).mean())


def degrees_of(turn: Turn, rng: Rng) -> float:
    """Return an angle for a turn, anticlockwise."""
    if turn == "level":
        return 0.0
    return float(rng.choice([90, 270])) if turn == "upright" else float(rng.uniform(5, 85) * rng.choice([-1, 1]))


def place_for(ink: Ink, shape: Sequence[int], where: Where, rng: Rng) -> Place | None:
    """Return a place in the outer quarter, across its inner edge, or inside of it; None where it does not fit."""
    rows, columns = ink.shape
    for _ in range(60):
        if shape[0] - rows < 2 or shape[1] - columns < 2:
            return None
        top, left = int(rng.integers(1, shape[0] - rows)), int(rng.integers(1, shape[1] - columns))
        inner = (
            BORDER * shape[0] <= top, top + rows <= (1 - BORDER) * shape[0],
            BORDER * shape[1] <= left, left + columns <= (1 - BORDER) * shape[1],
        )  # fmt: skip
        outer = (
            top + rows <= BORDER * shape[0] or top >= (1 - BORDER) * shape[0]
            or left + columns <= BORDER * shape[1] or left >= (1 - BORDER) * shape[1]
        )  # fmt: skip
        found: Where = "border" if outer else "centre" if all(inner) else "across the border"
        if found == where:
            return Place(top, left)
    return None
