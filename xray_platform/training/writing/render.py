"""Render: draw one piece of writing as ink: printed in a font, line-drawn, handwritten, or a machine-readable code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from xray_platform.training.writing.fonts import Font, FontSet
from xray_platform.training.writing.words import Rng, line, scripts

Ink = np.ndarray[Any, np.dtype[np.uint8]]
Kind = Literal["printed", "drawn", "handwritten", "stacked", "code"]
KINDS: tuple[Kind, ...] = ("printed", "drawn", "handwritten", "stacked", "code")
_HERSHEY = tuple(range(8))


@dataclass(frozen=True, eq=False)
class Writing:
    """Ink (rows, columns) uint8, 0 to 255, cropped; what it says, in which script, of which kind, how high in pixels.

    `height` is that of a capital letter, or of a module of a code times seven.
    """

    ink: Ink
    text: str
    script: str
    kind: Kind
    height: float


def write(fonts: FontSet, size: float, rng: Rng, kind: Kind | None = None) -> Writing:
    """Return a made-up writing whose letters are about `size` pixels high."""
    drawn = kind or KINDS[int(rng.choice(len(KINDS), p=[0.74, 0.08, 0.1, 0.04, 0.04]))]
    makers: dict[Kind, Callable[[FontSet, float, Rng], Writing]] = {
        "printed": _printed, "drawn": _drawn, "handwritten": _handwritten, "stacked": _stacked, "code": _code,
    }  # fmt: skip
    return makers[drawn](fonts, size, rng)


def draw(text: str, font: Font, size: float, *, smooth: bool = True, spacing: float = 0.0, bold: int = 0) -> Ink:
    """Return text as ink, cropped; capital letters are about `size` pixels high. Empty where nothing can be drawn.

    `spacing` is added between letters, as a share of their height; `bold` thickens strokes by so many pixels.
    """
    face = _face(font.path, max(round(size / 0.72), 4))
    step = round(spacing * size)
    width = int(face.getlength(text)) + (len(text) + 1) * max(step, 0) + 4 * round(size) + 8
    canvas = Image.new("L", (min(width, 6000), round(size * 4.5) + 8), 0)
    pen = ImageDraw.Draw(canvas)
    pen.fontmode = "L" if smooth else "1"
    start, base = round(size) + 4, round(size * 1.2) + 2
    if step <= 0:
        pen.text((start, base), text, fill=255, font=face, stroke_width=bold)
    else:
        for sign in text:
            pen.text((start, base), sign, fill=255, font=face, stroke_width=bold)
            start += int(face.getlength(sign)) + step
    return cropped(np.asarray(canvas))


def beside(texts: Sequence[str], font: Font | None, size: float, gap: float) -> list[Ink]:
    """Return the ink of each of several texts on one line, all on canvases of one size.

    `gap` stands between them, in heights of a capital letter; without a font they are line-drawn.
    """
    step, start, base = round(gap * size), round(size) + 4, round(size * 2) + 2
    widths = [_width(text, font, size) for text in texts]
    shape = (round(size * 4) + 8, sum(widths) + step * (len(texts) - 1) + 2 * start)
    inks = []
    for text, width in zip(texts, widths, strict=True):
        canvas = np.zeros(shape, np.uint8)
        if font is None:
            cv2.putText(canvas, text, (start, base), 0, size / 21, (255,), max(1, round(size * 0.08)), cv2.LINE_AA)
        else:
            drawn = Image.fromarray(canvas)
            ImageDraw.Draw(drawn).text(
                (start, base), text, fill=255, font=_face(font.path, max(round(size / 0.72), 4)), anchor="ls"
            )
            canvas = np.array(drawn)
        inks.append(canvas)
        start += width + step
    return inks


def _width(text: str, font: Font | None, size: float) -> int:
    if font is None:
        return int(cv2.getTextSize(text, 0, size / 21, max(1, round(size * 0.08)))[0][0])
    return round(_face(font.path, max(round(size / 0.72), 4)).getlength(text))


def cropped(ink: Ink) -> Ink:
    """Return the ink without empty rows and columns around it."""
    rows, columns = np.flatnonzero(ink.max(1) > 32), np.flatnonzero(ink.max(0) > 32)
    if not rows.size:
        return np.zeros((0, 0), np.uint8)
    return np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


@lru_cache(512)
def _face(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


def _font_for(fonts: FontSet, rng: Rng) -> tuple[Font, str]:
    names, shares = scripts()
    while True:
        script = names[int(rng.choice(len(names), p=shares))]
        if fonts.holds(script):
            return fonts.choose(script, rng), script


def _printed(fonts: FontSet, size: float, rng: Rng) -> Writing:
    font, script = _font_for(fonts, rng)
    text = line(script, rng)
    smooth = rng.random() < 0.75
    spacing = rng.uniform(0.1, 0.8) if rng.random() < 0.12 and script not in {"arabic", "devanagari"} else 0.0
    bold = 1 if rng.random() < 0.1 and size > 10 else 0
    coarse = int(rng.choice([1, 2, 3], p=[0.85, 0.1, 0.05])) if size >= 14 else 1
    ink = draw(text, font, size / coarse, smooth=smooth and coarse == 1, spacing=spacing, bold=bold)
    ink = np.kron(ink, np.ones((coarse, coarse), np.uint8)) if coarse > 1 else ink
    if ink.size and rng.random() < 0.1 and script == "latin":
        ink = _under(ink, draw(line(script, rng), font, size / coarse, smooth=smooth, spacing=spacing), size)
    return Writing(ink, text, script, "printed", size) if ink.size else _drawn(fonts, size, rng)


def _under(first: Ink, second: Ink, size: float) -> Ink:
    """Return a second line below the first."""
    gap = round(size * 0.5) + 1
    both = np.zeros(
        (len(first) + gap + len(second), max(first.shape[1], second.shape[1] if second.size else 0)), np.uint8
    )
    both[: len(first), : first.shape[1]] = first
    if second.size:
        both[len(first) + gap :, : second.shape[1]] = second
    return both


def _drawn(_: FontSet, size: float, rng: Rng) -> Writing:
    """Draw with the line-drawn letters that old devices and OpenCV use (Hershey 1967)."""
    text = line("latin", rng)
    face, scale = int(rng.choice(_HERSHEY)), size / 21
    thick = max(1, round(size * rng.uniform(0.04, 0.16)))
    canvas = np.zeros((round(size * 3) + 8, round(len(text) * size * 1.4) + 16), np.uint8)
    style = cv2.LINE_AA if rng.random() < 0.6 else cv2.LINE_8
    cv2.putText(canvas, text, (4, round(size * 2)), face, scale, (255,), thick, style)
    return Writing(cropped(canvas), text, "latin", "drawn", size)


def _handwritten(fonts: FontSet, size: float, rng: Rng) -> Writing:
    """Write in a hand's font, its letters bent; or as one joined stroke of a pen."""
    hands = fonts.hands
    if not hands or rng.random() < 0.2:
        return Writing(_scribble(size, rng), "", "latin", "handwritten", size)
    text = line("latin", rng)
    ink = draw(text, hands[int(rng.integers(len(hands)))], size * 1.2)
    return Writing(_bent(ink, size, rng), text, "latin", "handwritten", size) if ink.size else _drawn(fonts, size, rng)


def _scribble(size: float, rng: Rng) -> Ink:
    """Return a joined hand: loops of a pen that moves on to the right."""
    letters = int(rng.integers(3, 10))
    t = np.linspace(0, letters * 2 * np.pi, letters * 24)
    turns = np.repeat(rng.uniform(0.3, 1.0, letters), 24)
    smooth = np.convolve(turns, np.ones(9) / 9, "same")
    x = t / (2 * np.pi) * size * 0.8 + size * 0.45 * smooth * np.cos(t + rng.uniform(0, 6))
    y = size * 0.5 * smooth * np.sin(t * rng.choice([1, 1, 2]) + rng.uniform(0, 6)) + size * 0.1 * np.sin(t / 7)
    points = np.stack([x - x.min() + 6, y - y.min() + 6], 1)
    canvas = np.zeros((int(points[:, 1].max()) + 8, int(points[:, 0].max()) + 8), np.uint8)
    thick = max(1, round(size * rng.uniform(0.05, 0.12)))
    cv2.polylines(canvas, [np.round(points * 8).astype(np.int32)], False, (255,), thick, cv2.LINE_AA, 3)
    return cropped(canvas)


def _bent(ink: Ink, size: float, rng: Rng) -> Ink:
    """Return ink whose lines waver, as a hand's do."""
    margin = round(size * 0.4) + 2
    wide = cv2.copyMakeBorder(ink, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=(0,))
    rows, columns = np.mgrid[0 : wide.shape[0], 0 : wide.shape[1]].astype(np.float32)
    noises = [np.asarray(rng.normal(size=wide.shape), np.float32) for _ in range(2)]
    shifts = [cv2.GaussianBlur(noise, (0, 0), size * 0.6) for noise in noises]
    down, across = (size * 0.12 * shift / max(float(shift.std()), 1e-6) for shift in shifts)
    moved = cv2.remap(wide, columns + across, rows + down, cv2.INTER_LINEAR)
    return cropped(np.asarray(moved, np.uint8))


def _stacked(fonts: FontSet, size: float, rng: Rng) -> Writing:
    """Write one letter a line."""
    font, script = _font_for(fonts, rng)
    text = line(script, rng).replace(" ", "")[:9]
    signs = [ink for sign in text if (ink := draw(sign, font, size)).size]
    if len(signs) < 3:
        return _drawn(fonts, size, rng)
    gap, width = max(round(size * rng.uniform(0.15, 0.7)), 2), max(ink.shape[1] for ink in signs)
    canvas = np.zeros((sum(len(ink) + gap for ink in signs), width), np.uint8)
    top = 0
    for ink in signs:
        left = (width - ink.shape[1]) // 2
        canvas[top : top + len(ink), left : left + ink.shape[1]] = ink
        top += len(ink) + gap
    return Writing(cropped(canvas), text, script, "stacked", size)


def _code(_: FontSet, size: float, rng: Rng) -> Writing:
    """Draw a QR code, a bar code, or a field of modules as other matrix codes have it."""
    kind, module = rng.random(), max(2, round(size / 7 * rng.uniform(1, 1.6)))
    text = "".join(chr(int(each)) for each in rng.integers(48, 91, int(rng.integers(6, 30))))
    if kind < 0.45:
        modules = 255 - np.asarray(cv2.QRCodeEncoder.create().encode(text), np.uint8)
    elif kind < 0.75:
        bars = np.concatenate([np.full(int(rng.integers(1, 4)), each % 2) for each in range(int(rng.integers(24, 60)))])
        modules = np.tile(np.uint8(255) * bars.astype(np.uint8), (int(rng.integers(10, 30)), 1))
    else:
        side = int(rng.integers(10, 24))
        modules = np.uint8(255) * rng.integers(0, 2, (side, side)).astype(np.uint8)
        modules[:, 0] = modules[-1] = 255
    ink = np.kron(modules, np.ones((module, module), np.uint8))
    return Writing(cropped(ink), text, "code", "code", 7.0 * module)
