"""Scene: put writing, markers and things that look like writing into a picture, and say where what stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np

from xray_platform.training.writing.fonts import FontSet
from xray_platform.training.writing.render import Ink, Kind, cropped, draw
from xray_platform.training.writing.words import Rng

Grey = np.ndarray[Any, np.dtype[np.uint8]]
Cover = np.ndarray[Any, np.dtype[np.uint8]]
Sign = Literal["L", "R"]
FAINT = 20
"""Mean difference of grey (of 255) below which ink counts as unseen."""


@dataclass(frozen=True)
class Place:
    """Where ink goes: its upper left corner, in pixels; it may lie partly outside."""

    top: int
    left: int


@dataclass(frozen=True)
class Look:
    """How ink looks: its grey, how much it covers, the grey of a box behind it (None: none) and of its halo.

    A `shadow` is black, and so many pixels lower and to the right.
    """

    grey: float
    cover: float = 1.0
    box: float | None = None
    halo: float | None = None
    blur: float = 0.0
    shadow: int = 0


def turned(ink: Ink, degrees: float, *, mirrored: bool = False) -> Ink:
    """Return ink turned by an angle about its middle, anticlockwise, on a canvas that holds it whole."""
    ink = np.ascontiguousarray(ink[:, ::-1]) if mirrored else ink
    quarters = round(degrees / 90)
    if abs(degrees - 90 * quarters) < 0.5:
        return np.ascontiguousarray(np.rot90(ink, quarters))
    rows, columns = ink.shape
    side = int(np.hypot(rows, columns)) + 4
    place = cv2.getRotationMatrix2D((columns / 2, rows / 2), degrees, 1)
    place[:, 2] += (side / 2 - columns / 2, side / 2 - rows / 2)
    return cropped(np.asarray(cv2.warpAffine(ink, place, (side, side), flags=cv2.INTER_LINEAR), np.uint8))


def burn(picture: Grey, ink: Ink, place: Place, look: Look) -> tuple[Grey, Cover, float]:
    """Return the picture with ink in it, where it stands (0 or 1), and the mean difference it makes (0 to 255)."""
    window, part = _windows(picture.shape, ink.shape, place)
    changed = picture.copy()
    there = changed[window].astype(np.float32)
    alpha = np.asarray(ink[part] / 255, np.float32)
    if look.blur > 0:
        alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), look.blur), np.float32)
    before = there.copy()
    if look.box is not None:
        there[:] = look.box
    if look.halo is not None:
        around = cv2.dilate(alpha, np.ones((3, 3), np.uint8))
        there += (look.halo - there) * around
    if look.shadow:
        moved = np.zeros_like(alpha)
        moved[look.shadow :, look.shadow :] = alpha[: -look.shadow, : -look.shadow]
        there -= there * moved * look.cover
    behind = there.copy()
    there += (look.grey - there) * alpha * look.cover
    changed[window] = np.clip(np.round(there), 0, 255).astype(np.uint8)
    stands = (alpha > 0.4).astype(np.uint8)
    cover = np.zeros(picture.shape, np.uint8)
    cover[window] = stands
    reference = before if look.box is None and look.halo is None and not look.shadow else behind
    seen = np.abs(np.clip(there, 0, 255) - reference)[stands > 0]
    return changed, cover, float(seen.mean()) if seen.size else 0.0


def laid(parts: Cover, shape: Sequence[int], place: Place) -> Cover:
    """Return what belongs to ink at a place as a cover of the whole picture, of this shape."""
    window, part = _windows(shape, parts.shape, place)
    whole = np.zeros(shape, np.uint8)
    whole[window] = parts[part]
    return whole


def _windows(shape: Sequence[int], ink: Sequence[int], place: Place) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    rows, columns = shape
    top, left = max(place.top, 0), max(place.left, 0)
    bottom, right = min(place.top + ink[0], rows), min(place.left + ink[1], columns)
    window = slice(top, max(bottom, top)), slice(left, max(right, left))
    part = (
        slice(top - place.top, max(bottom, top) - place.top),
        slice(left - place.left, max(right, left) - place.left),
    )
    return window, part


def any_look(picture: Grey, rng: Rng, least: float = 0.13) -> Look:
    """Return a look: white, black, or a grey that stands out from what is there by `least` of the range or more."""
    kind = rng.random()
    blur = float(rng.uniform(0.3, 0.9)) if rng.random() < 0.3 else 0.0
    if kind < 0.12:
        box = float(rng.choice([0.0, 255.0, float(rng.uniform(0, 255))]))
        grey = 255 - box if rng.random() < 0.6 else box + _away(box, rng, least)
        return Look(grey, box=box, blur=blur)
    behind = float(np.median(picture))
    if kind < 0.22:
        grey = float(rng.choice([255.0, 0.0]))
        return Look(grey, halo=255 - grey, blur=0.0)
    if kind < 0.26:
        return Look(255.0, blur=blur, shadow=int(rng.integers(1, 4)))
    if kind < 0.44:
        return Look(float(rng.choice([255.0, 255.0, 0.0])), cover=float(rng.uniform(0.5, 1.0)), blur=blur)
    return Look(behind + _away(behind, rng, least), blur=blur)


def _away(grey: float, rng: Rng, least: float) -> float:
    """Return a step to a brighter or darker grey that stays in the range where that can be had."""
    step = float(255 * np.exp(rng.uniform(np.log(least), np.log(1.0))))
    bright = rng.random() < 0.6
    if bright and grey + step > 255 and grey >= 128:
        bright = False
    elif not bright and grey < step and grey < 128:
        bright = True
    return step if bright else -step


def marker(fonts: FontSet, size: float, sign: Sign, rng: Rng) -> Ink:
    """Return a side marker: a lone L or R, plain, bold, in a ring, on a plate, with an arrow or with beads."""
    font = fonts.choose("latin", rng)
    if rng.random() < 0.25:
        ink = _lead_letter(sign, size, rng)
    else:
        ink = draw(sign, font, size, bold=int(rng.integers(0, max(2, round(size * 0.08)))))
    kind, room = rng.random(), max(round(size * 0.35), 2)
    if kind < 0.72 or not ink.size:
        return ink
    wide = cv2.copyMakeBorder(ink, room, room, room, room, cv2.BORDER_CONSTANT, value=(0,))
    rows, columns = wide.shape
    if kind < 0.86:
        radius, thick = max(rows, columns) // 2 - 1, max(1, round(size * 0.07))
        cv2.circle(wide, (columns // 2, rows // 2), radius, (255,), thick, cv2.LINE_AA)
    elif kind < 0.92:
        cv2.rectangle(wide, (0, 0), (columns - 1, rows - 1), (255,), max(1, round(size * 0.06)))
    elif kind < 0.96:
        wide = np.asarray(255 - wide, np.uint8)
    else:
        wide = cv2.copyMakeBorder(wide, 0, room * 2, 0, 0, cv2.BORDER_CONSTANT, value=(0,))
        cv2.arrowedLine(wide, (columns // 2, rows + 2 * room - 1), (columns // 2, rows - 1), (255,), max(1, room // 4))
    return np.asarray(wide, np.uint8)


def _lead_letter(sign: Sign, size: float, rng: Rng) -> Ink:
    """Return a letter as it is cut from lead: thick strokes of a line."""
    thick, wide = max(2, round(size * rng.uniform(0.12, 0.24))), round(size * rng.uniform(0.5, 0.8))
    high, edge = round(size), max(2, round(size * 0.15))
    canvas = np.zeros((high + 2 * edge + 2, wide + 2 * edge + 2), np.uint8)
    low, right = edge + high, edge + wide
    cv2.line(canvas, (edge, edge), (edge, low), (255,), thick, cv2.LINE_AA)
    if sign == "L":
        cv2.line(canvas, (edge, low), (right, low), (255,), thick, cv2.LINE_AA)
    else:
        middle = edge + round(high * rng.uniform(0.45, 0.6))
        radius = max((middle - edge) // 2, 1)
        bow = right - radius
        for row in (edge, middle):
            cv2.line(canvas, (edge, row), (max(bow, edge), row), (255,), thick, cv2.LINE_AA)
        cv2.ellipse(canvas, (max(bow, edge), edge + radius), (radius, radius), 0, -90, 90, (255,), thick, cv2.LINE_AA)
        cv2.line(canvas, (edge + wide // 3, middle), (right, low), (255,), thick, cv2.LINE_AA)
    return cropped(canvas)


def region(cover: Cover, height: float, kind: Kind) -> Cover:
    """Return the region that writing takes: its ink and the gaps between its letters."""
    reach = max(2, round(height * (0.55 if kind != "code" else 0.6)))
    top, left, bottom, right = bounds(cover)
    if bottom <= top:
        return cover
    pad = 2 * reach + 2
    window = (slice(max(top - pad, 0), bottom + pad), slice(max(left - pad, 0), right + pad))
    there = cv2.copyMakeBorder(cover[window], reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=(0,))
    # a square is two rows of comparisons for OpenCV, a disc is a thousand
    closed = cv2.morphologyEx(there, cv2.MORPH_CLOSE, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    grown = cv2.dilate(closed, np.ones((3, 3), np.uint8), iterations=max(1, round(height * 0.08)))
    whole = np.zeros_like(cover)
    whole[window] = grown[reach:-reach, reach:-reach]
    return whole


def bounds(cover: Cover) -> tuple[int, int, int, int]:
    """Return top, left, bottom and right of what is set, the latter two one past the last; zeros for nothing."""
    rows, columns = np.flatnonzero(cover.any(1)), np.flatnonzero(cover.any(0))
    if not rows.size:
        return 0, 0, 0, 0
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
