"""Distractors: what radiographs hold that is not writing but has edges: metal, frames, stripes, grain, spots."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from xray_platform.training.writing.metal import (
    Grey,
    arrow,
    beads,
    box,
    clips,
    coil,
    grey_of,
    loops,
    shapes,
    staples,
    wire,
)
from xray_platform.training.writing.words import Rng


def distract(picture: Grey, rng: Rng) -> Grey:
    """Return the picture with none to three things in it that are not writing."""
    for _ in range(int(rng.choice(4, p=[0.4, 0.3, 0.2, 0.1]))):
        picture = THINGS[int(rng.integers(len(THINGS)))](picture.copy(), rng)
    return picture


def _edge(picture: Grey, rng: Rng) -> Grey:
    """A collimator's edge or a film's frame: a flat or dim part with a sharp border, straight, slanting or in steps."""
    rows, columns = picture.shape
    normal = rng.normal(size=2)
    if rng.random() < 0.6:
        normal = np.eye(2)[int(rng.integers(2))] * rng.choice([-1, 1])
        normal += rng.normal(0, 0.04, 2) * (rng.random() < 0.5)
    step = int(rng.integers(2, 9)) if rng.random() < 0.3 else 1
    y, x = np.mgrid[0:rows, 0:columns] // step * step
    away = (x - columns / 2) * normal[0] + (y - rows / 2) * normal[1]
    beyond = away > np.quantile(away, rng.uniform(0.6, 0.97))
    dimmed = rng.random() < 0.4
    picture[beyond] = picture[beyond] * rng.uniform(0.05, 0.7) if dimmed else grey_of(rng)[0]
    return picture


def _lines(picture: Grey, rng: Rng) -> Grey:
    """Stripes of a grid or of a scanner: many parallel lines of the same strength."""
    rows, columns = picture.shape
    period, strength = rng.uniform(3, 14), rng.uniform(3, 25)
    wave = strength * np.sin(np.arange(max(rows, columns)) * 2 * np.pi / period)
    stripes = wave[:rows, None] if rng.random() < 0.5 else wave[None, :columns]
    return np.asarray(np.clip(picture + stripes, 0, 255), np.uint8)


def _grain(picture: Grey, rng: Rng) -> Grey:
    """Noise with the size of strokes."""
    noise = cv2.GaussianBlur(np.asarray(rng.normal(size=picture.shape), np.float32), (0, 0), rng.uniform(0.4, 2.5))
    strength = np.float32(rng.uniform(2, 14) / max(float(noise.std()), 1e-6))
    return np.asarray(np.clip(picture + noise * strength, 0, 255), np.uint8)


def _spots(picture: Grey, rng: Rng) -> Grey:
    """Single pixels that are stuck or clipped, in some part: a corner of a frame, the white of the belly."""
    rows, columns = picture.shape
    high, wide = (int(rng.integers(12, side // 2)) for side in (rows, columns))
    top, left = (int(rng.choice([0, rng.integers(side - part), side - part]))
                 for side, part in ((rows, high), (columns, wide)))  # fmt: skip
    part = picture[top : top + high, left : left + wide]
    if rng.random() < 0.5:
        part[:] = rng.choice([0, 255])
    hit = rng.random(part.shape) < rng.uniform(0.005, 0.15)
    part[hit] = np.clip(part[hit] + rng.normal(0, 90, int(hit.sum())), 0, 255).astype(np.uint8)
    return picture


THINGS: tuple[Callable[[Any, Rng], Any], ...] = (
    wire, wire, _edge, shapes, clips, clips, box, _lines, _grain, _grain, coil, loops, beads, staples,
    _spots, arrow,
)  # fmt: skip
