"""Name trial: a name of two letters in one picture, beside digits, a date or another name, or alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from xray_platform.training.writing.fonts import Font, FontSet
from xray_platform.training.writing.plates import turned_uncropped
from xray_platform.training.writing.render import Ink, beside
from xray_platform.training.writing.scene import Cover, Grey, laid
from xray_platform.training.writing.trial import (
    TURNS,
    WHERE,
    Turn,
    Where,
    any_contrast,
    burn_line,
    degrees_of,
    place_for,
    share_painted,
)  # fmt: skip
from xray_platform.training.writing.words import ALPHABETS, Rng, companion, scripts

Companion = Literal["digits", "date", "name", "none"]
COMPANIONS: tuple[Companion, ...] = ("digits", "date", "name")
WIDEST_GAP = 3.0  # between the name and what stands beside it, in heights of a capital letter
LINE_DRAWN = 0.1  # share of the trials in line-drawn letters


@dataclass(frozen=True)
class NameConditions:
    """How a name is written: what stands beside it and how far away (in heights), and how the line is written."""

    companion: Companion
    gap: float
    script: str
    height: float  # of a capital letter, pixels
    contrast: float
    where: Where
    turn: Turn


@dataclass(frozen=True, eq=False)
class NameTrial:
    """A picture (rows, columns) uint8 with a name in it, the ink of the name and of all (0 or 1), the conditions."""

    grey: Grey
    name: Cover
    ink: Cover
    conditions: NameConditions

    def left_readable(self, painted: Cover) -> bool:
        """Say whether more than a twentieth of the ink, of the name or of all, is not painted over (`painted`: 1)."""
        return min(share_painted(self.name, painted), share_painted(self.ink, painted)) < 0.95


def make_name_trial(
    picture: Grey, fonts: FontSet, rng: Rng, least: float, most: float, *, alone: bool
) -> NameTrial | None:
    """Return a trial with letters of `least` to `most` pixels; None where the line does not fit or cannot be seen."""
    height = float(np.exp(rng.uniform(np.log(least), np.log(max(most, least)))))
    beside_it: Companion = "none" if alone else COMPANIONS[int(rng.integers(len(COMPANIONS)))]
    gap = float(rng.uniform(0.3, 0.6) if rng.random() < 0.5 else rng.uniform(0.6, WIDEST_GAP))
    font, script = _font(fonts, rng)
    turn, where = TURNS[int(rng.choice(3, p=[0.5, 0.25, 0.25]))], WHERE[int(rng.integers(3))]
    name, ink = _inks(font, script, beside_it, gap, height, degrees_of(turn, rng), rng)
    place = place_for(ink, picture.shape, where, rng) if name.size else None
    if place is None:
        return None
    contrast = any_contrast(rng)
    burnt = burn_line(picture, ink, place, contrast, rng)
    if burnt is None:
        return None
    grey, cover, _ = burnt
    own = cover & laid((name > 0).astype(np.uint8), cover.shape, place)
    if not own.any():
        return None
    return NameTrial(grey, own, cover, NameConditions(beside_it, gap, script, height, contrast, where, turn))


def _font(fonts: FontSet, rng: Rng) -> tuple[Font | None, str]:
    """Return a font and a script that it holds; none for line-drawn letters."""
    names, shares = scripts()
    while rng.random() >= LINE_DRAWN:
        script = names[int(rng.choice(len(names), p=shares))]
        if fonts.holds(script):
            return fonts.choose(script, rng), script
    return None, "latin"


def _inks(
    font: Font | None, script: str, what: Companion, gap: float, height: float, degrees: float, rng: Rng
) -> tuple[Ink, Ink]:
    """Return the ink of a name of two letters, and of the whole line, on the same canvas, turned by an angle."""
    name = "".join(ALPHABETS[script][int(rng.integers(len(ALPHABETS[script])))] for _ in range(2))
    name = name.upper() if rng.random() < 0.7 else name.capitalize()
    texts = [name, companion(what, script, rng)] if what != "none" else [name]
    last = len(texts) > 1 and rng.random() < 0.3
    inks = beside(texts[::-1] if last else texts, font, height, gap)
    parts = [turned_uncropped(ink, degrees, cv2.INTER_LINEAR) for ink in inks]
    whole = np.maximum.reduce(parts)
    rows, columns = (np.flatnonzero(whole.max(axis) > 32) for axis in (1, 0))
    own = parts[1] if last else parts[0]
    if not rows.size or own.max() <= 128:
        return whole[:0, :0], whole[:0, :0]
    box: Sequence[slice] = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return np.ascontiguousarray(own[tuple(box)]), np.ascontiguousarray(whole[tuple(box)])
