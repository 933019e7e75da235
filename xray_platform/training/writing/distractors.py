"""Distractors: what radiographs hold that is not writing but has edges: tubes, wires, frames, leads, grain, screws."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from xray_platform.training.writing.words import Chance

Grey = np.ndarray[Any, np.dtype[np.uint8]]


def distract(picture: Grey, chance: Chance) -> Grey:
    """Return the picture with none to three things in it that are not writing."""
    for _ in range(int(chance.choice(4, p=[0.4, 0.3, 0.2, 0.1]))):
        picture = THINGS[int(chance.integers(len(THINGS)))](picture.copy(), chance)
    return picture


def _grey(chance: Chance) -> tuple[float]:
    return (float(chance.choice([0.0, 255.0, float(chance.uniform(0, 255))])),)


def _point(picture: Grey, chance: Chance) -> tuple[int, int]:
    rows, columns = picture.shape
    return int(chance.integers(columns)), int(chance.integers(rows))


def _wire(picture: Grey, chance: Chance) -> Grey:
    """A tube, a wire or a lead: a long smooth curve, sometimes with both walls."""
    points = np.cumsum(chance.normal(0, 1, (5, 2)) * max(picture.shape) * 0.22, 0) + _point(picture, chance)
    t = np.linspace(0, 4, 60)
    curve = np.stack([np.interp(t, range(5), points[:, each]) for each in range(2)], 1)
    kernel = np.ones(13) / 13
    smooth = np.stack([np.convolve(curve[:, each], kernel, "valid") for each in range(2)], 1)
    drawn, thick = np.round(smooth * 8).astype(np.int32), int(chance.integers(1, 6))
    cover = np.zeros_like(picture)
    cv2.polylines(cover, [drawn], False, (255,), thick, cv2.LINE_AA, 3)
    if thick > 3 and chance.random() < 0.5:
        cv2.polylines(cover, [drawn], False, (90,), thick - 2, cv2.LINE_AA, 3)
    return _mixed(picture, cover, _grey(chance)[0], chance)


def _mixed(picture: Grey, cover: Grey, grey: float, chance: Chance) -> Grey:
    alpha = cover.astype(np.float32) / 255 * chance.uniform(0.2, 1.0)
    return np.asarray(picture + (grey - picture.astype(np.float32)) * alpha, np.uint8)


def _edge(picture: Grey, chance: Chance) -> Grey:
    """A collimator's edge or a film's frame: a flat part with a sharp border, straight or slanting."""
    rows, columns = picture.shape
    normal = chance.normal(size=2)
    if chance.random() < 0.6:
        normal = np.eye(2)[int(chance.integers(2))] * chance.choice([-1, 1])
    y, x = np.mgrid[0:rows, 0:columns]
    away = (x - columns / 2) * normal[0] + (y - rows / 2) * normal[1]
    beyond = away > np.quantile(away, chance.uniform(0.6, 0.97))
    picture[beyond] = _grey(chance)[0]
    return picture


def _shapes(picture: Grey, chance: Chance) -> Grey:
    """Leads, beads, clips and screws: discs, rings and short strokes, in no row."""
    cover = np.zeros_like(picture)
    for _ in range(int(chance.integers(1, 6))):
        radius, thick = int(chance.integers(2, 18)), int(chance.choice([-1, 1, 2, 3]))
        if chance.random() < 0.6:
            cv2.circle(cover, _point(picture, chance), radius, (255,), thick, cv2.LINE_AA)
        else:
            start = np.array(_point(picture, chance))
            end = start + chance.integers(-25, 26, 2)
            cv2.line(cover, start.tolist(), end.tolist(), (255,), max(1, abs(thick)), cv2.LINE_AA)
    return _mixed(picture, cover, _grey(chance)[0], chance)


def _box(picture: Grey, chance: Chance) -> Grey:
    """A pacemaker's case, a plate, an arrow: a filled shape with a smooth outline."""
    cover = np.zeros_like(picture)
    axes = tuple(int(each) for each in chance.integers(6, 45, 2))
    cv2.ellipse(cover, _point(picture, chance), axes, float(chance.uniform(0, 180)), 0, 360, (255,), -1, cv2.LINE_AA)
    if chance.random() < 0.3:
        cv2.arrowedLine(cover, _point(picture, chance), _point(picture, chance), (255,), int(chance.integers(1, 4)))
    return _mixed(picture, cover, _grey(chance)[0], chance)


def _clips(picture: Grey, chance: Chance) -> Grey:
    """Snaps, clips and plugs of leads, buckles: thick arcs and rings of metal, open and jagged, that are no letters."""
    cover = np.zeros_like(picture)
    middle, size = np.array(_point(picture, chance)), chance.uniform(5, 30)
    for _ in range(int(chance.integers(1, 4))):
        axes = tuple(int(each) for each in np.maximum(size * chance.uniform(0.4, 1.0, 2), 2))
        place = tuple(int(each) for each in middle + chance.normal(0, size * 0.35, 2))
        start, angle = float(chance.uniform(0, 360)), float(chance.uniform(0, 180))
        thick = max(1, int(size * chance.uniform(0.08, 0.4)))
        cv2.ellipse(cover, place, axes, angle, start, start + chance.uniform(120, 360), (255,), thick, cv2.LINE_AA)
    for _ in range(int(chance.integers(0, 4))):
        place = tuple(int(each) for each in middle + chance.normal(0, size * 0.5, 2))
        cv2.circle(cover, place, max(1, int(size * chance.uniform(0.05, 0.25))), (255,), -1, cv2.LINE_AA)
    return _mixed(picture, cover, _grey(chance)[0], chance)


def _lines(picture: Grey, chance: Chance) -> Grey:
    """Stripes of a grid or of a scanner: many parallel lines of the same strength."""
    rows, columns = picture.shape
    period, strength = chance.uniform(3, 14), chance.uniform(3, 25)
    wave = strength * np.sin(np.arange(max(rows, columns)) * 2 * np.pi / period)
    stripes = wave[:rows, None] if chance.random() < 0.5 else wave[None, :columns]
    return np.asarray(np.clip(picture + stripes, 0, 255), np.uint8)


def _grain(picture: Grey, chance: Chance) -> Grey:
    """Noise with the size of strokes."""
    noise = cv2.GaussianBlur(
        np.asarray(chance.normal(size=picture.shape), np.float32), (0, 0), chance.uniform(0.4, 2.5)
    )
    strength = np.float32(chance.uniform(2, 14) / max(float(noise.std()), 1e-6))
    return np.asarray(np.clip(picture + noise * strength, 0, 255), np.uint8)


THINGS: tuple[Callable[[Any, Chance], Any], ...] = (
    _wire, _wire, _edge, _shapes, _clips, _clips, _box, _lines, _grain, _grain,
)  # fmt: skip
