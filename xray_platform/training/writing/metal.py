"""Metal: what of tubes, leads, clips, chains and arrows a radiograph shows: it has edges, and is not writing."""

from typing import Any

import cv2
import numpy as np

from xray_platform.training.writing.words import Rng

Grey = np.ndarray[Any, np.dtype[np.uint8]]


def grey_of(rng: Rng) -> tuple[float]:
    """Return black, white or a grey, as OpenCV takes it."""
    return (float(rng.choice([0.0, 255.0, float(rng.uniform(0, 255))])),)


def point_in(picture: Grey, rng: Rng) -> tuple[int, int]:
    """Return a place (x, y) in a picture."""
    rows, columns = picture.shape
    return int(rng.integers(columns)), int(rng.integers(rows))


def mixed(picture: Grey, cover: Grey, grey: float, rng: Rng) -> Grey:
    """Return a picture with a grey laid over it where `cover` (0 to 255) says, more or less dense."""
    alpha = cover.astype(np.float32) / 255 * rng.uniform(0.2, 1.0)
    return np.asarray(picture + (grey - picture.astype(np.float32)) * alpha, np.uint8)


def wire(picture: Grey, rng: Rng) -> Grey:
    """A tube, a wire or a lead: a long smooth curve, sometimes with both walls."""
    points = np.cumsum(rng.normal(0, 1, (5, 2)) * max(picture.shape) * 0.22, 0) + point_in(picture, rng)
    t = np.linspace(0, 4, 60)
    curve = np.stack([np.interp(t, range(5), points[:, each]) for each in range(2)], 1)
    kernel = np.ones(13) / 13
    smooth = np.stack([np.convolve(curve[:, each], kernel, "valid") for each in range(2)], 1)
    drawn, thick = np.round(smooth * 8).astype(np.int32), int(rng.integers(1, 6))
    cover = np.zeros_like(picture)
    cv2.polylines(cover, [drawn], False, (255,), thick, cv2.LINE_AA, 3)
    if thick > 3 and rng.random() < 0.5:
        cv2.polylines(cover, [drawn], False, (90,), thick - 2, cv2.LINE_AA, 3)
    return mixed(picture, cover, grey_of(rng)[0], rng)


def shapes(picture: Grey, rng: Rng) -> Grey:
    """Leads, beads, clips and screws: discs, rings and short strokes, in no row."""
    cover = np.zeros_like(picture)
    for _ in range(int(rng.integers(1, 6))):
        radius, thick = int(rng.integers(2, 18)), int(rng.choice([-1, 1, 2, 3]))
        if rng.random() < 0.6:
            cv2.circle(cover, point_in(picture, rng), radius, (255,), thick, cv2.LINE_AA)
        else:
            start = np.array(point_in(picture, rng))
            end = start + rng.integers(-25, 26, 2)
            cv2.line(cover, start.tolist(), end.tolist(), (255,), max(1, abs(thick)), cv2.LINE_AA)
    return mixed(picture, cover, grey_of(rng)[0], rng)


def box(picture: Grey, rng: Rng) -> Grey:
    """A pacemaker's case, a plate, an arrow: a filled shape with a smooth outline."""
    cover = np.zeros_like(picture)
    axes = tuple(int(each) for each in rng.integers(6, 45, 2))
    cv2.ellipse(cover, point_in(picture, rng), axes, float(rng.uniform(0, 180)), 0, 360, (255,), -1, cv2.LINE_AA)
    if rng.random() < 0.3:
        cv2.arrowedLine(cover, point_in(picture, rng), point_in(picture, rng), (255,), int(rng.integers(1, 4)))
    return mixed(picture, cover, grey_of(rng)[0], rng)


def clips(picture: Grey, rng: Rng) -> Grey:
    """Snaps, clips and plugs of leads, buckles: thick arcs and rings of metal, open and jagged, that are no letters."""
    cover = np.zeros_like(picture)
    middle, size = np.array(point_in(picture, rng)), rng.uniform(5, 30)
    for _ in range(int(rng.integers(1, 4))):
        axes = tuple(int(each) for each in np.maximum(size * rng.uniform(0.4, 1.0, 2), 2))
        place = tuple(int(each) for each in middle + rng.normal(0, size * 0.35, 2))
        start, angle = float(rng.uniform(0, 360)), float(rng.uniform(0, 180))
        thick = max(1, int(size * rng.uniform(0.08, 0.4)))
        cv2.ellipse(cover, place, axes, angle, start, start + rng.uniform(120, 360), (255,), thick, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 4))):
        place = tuple(int(each) for each in middle + rng.normal(0, size * 0.5, 2))
        cv2.circle(cover, place, max(1, int(size * rng.uniform(0.05, 0.25))), (255,), -1, cv2.LINE_AA)
    return mixed(picture, cover, grey_of(rng)[0], rng)


def _path(picture: Grey, count: int, step: float, rng: Rng) -> Any:
    """Return points (count, 2) as (x, y) in pixels: a row that may slant, sag and waver."""
    angle, sag = rng.uniform(0, np.pi), rng.normal(0, 0.08)
    along = (np.arange(count) - count / 2) * step
    across = sag * along**2 / max(step * count, 1) * 4 + rng.normal(0, step * 0.06, count)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.stack([along, across], 1) @ turn + point_in(picture, rng)


def coil(picture: Grey, rng: Rng) -> Grey:
    """A spring, a stent, a zip or a bundle of wire: a zigzag or a row of turns that are all alike."""
    cover, count = np.zeros_like(picture), int(rng.integers(6, 24))
    step, wide = rng.uniform(2, 7), rng.uniform(3, 16)
    middle = _path(picture, count * 8, step / 8, rng)
    t = np.arange(count * 8) * 2 * np.pi / 8
    along = np.gradient(middle, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], 1) / np.maximum(np.hypot(*along.T), 1e-3)[:, None]
    curve = middle + across * np.sin(t)[:, None] * wide + along * np.cos(t)[:, None] * rng.uniform(0, 12)
    thick = int(rng.integers(1, 3))
    cv2.polylines(cover, [np.round(curve * 8).astype(np.int32)], False, (255,), thick, cv2.LINE_AA, 3)
    return mixed(picture, cover, grey_of(rng)[0], rng)


def loops(picture: Grey, rng: Rng) -> Grey:
    """Wires through the breastbone: a column of flat loops, white, each with a twisted end."""
    cover, size = np.zeros_like(picture), rng.uniform(6, 18)
    place, gap = np.array(point_in(picture, rng)), size * rng.uniform(1.4, 3)
    thick = max(1, int(size * rng.uniform(0.08, 0.2)))
    for number in range(int(rng.integers(2, 8))):
        middle = place + np.array([rng.normal(0, size * 0.3), number * gap])
        axes = tuple(int(each) for each in np.maximum(size * rng.uniform((0.35, 0.6), (0.6, 1.1)), 2))
        angle, end = float(rng.normal(0, 35)), float(rng.choice([360, rng.uniform(250, 360)]))
        at, tail = (tuple(int(each) for each in middle + rng.normal(0, size * far, 2)) for far in (0.1, 0.8))
        cv2.ellipse(cover, at, axes, angle, 0, end, (255,), thick, cv2.LINE_AA)
        cv2.line(cover, at, tail, (255,), thick, cv2.LINE_AA)
    return mixed(picture, cover, 255.0, rng)


def beads(picture: Grey, rng: Rng) -> Grey:
    """A chain, a string of beads, the links of a necklace: many small discs or rings, close together and alike."""
    cover, radius = np.zeros_like(picture), rng.uniform(1, 5)
    hollow = radius > 2 and rng.random() < 0.5
    for middle in _path(picture, int(rng.integers(10, 60)), radius * rng.uniform(1.8, 2.6), rng):
        place = tuple(int(each * 8) for each in middle)
        cv2.circle(cover, place, int(radius * 8), (255,), 1 if hollow else -1, cv2.LINE_AA, 3)
    return mixed(picture, cover, grey_of(rng)[0], rng)


def staples(picture: Grey, rng: Rng) -> Grey:
    """Clips and staples of surgery: short strokes, alike, strewn at any angle along a line."""
    cover, long = np.zeros_like(picture), rng.uniform(5, 14)
    for middle in _path(picture, int(rng.integers(3, 14)), long * rng.uniform(1.5, 4), rng):
        angle, start = rng.uniform(0, np.pi), middle + rng.normal(0, long, 2)
        end = start + long * np.array([np.cos(angle), np.sin(angle)])
        first, last = (tuple(int(each * 8) for each in point) for point in (start, end))
        cv2.line(cover, first, last, (255,), max(1, round(long / 6)), cv2.LINE_AA, 3)
    return mixed(picture, cover, 255.0, rng)


def arrow(picture: Grey, rng: Rng) -> Grey:
    """An arrow that a device draws to say what is up: thick, with or without a rim."""
    size, place = rng.uniform(6, 28), np.array(point_in(picture, rng))
    half = np.array([[0, -1], [0.6, -0.3], [0.25, -0.3], [0.25, 0.8]]) * (1, rng.uniform(0.8, 1.3))
    outline = np.concatenate([half, half[::-1] * (-1, 1)]) * size
    angle = float(rng.choice([0, np.pi / 2, np.pi, rng.uniform(0, 2 * np.pi)]))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    points = np.round((outline @ turn + place) * 8).astype(np.int32)
    grey = float(rng.choice([0.0, 255.0]))
    if rng.random() < 0.6:
        thick = max(2, round(size / 5))
        cv2.polylines(picture, [points], True, (255 - grey,), thick, cv2.LINE_AA, 3)
    cv2.fillPoly(picture, [points], (grey,), cv2.LINE_AA, 3)
    return picture
