"""Outline: find the four straight edges of a picture that lies rotated or in perspective on an empty canvas."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.repair.levels import Mask

Points = NDArray[np.float64]
"""(n, 2) of x (column) and y (row); a pixel's centre is a whole number, its edges are half numbers."""
EMPTY = 20.0
"""A pixel of the canvas differs from the canvas's level by less than this (JPEG rings around edges)."""
REACH = 6
"""How far from a rough side its true position is looked for, in pixels."""
SAMPLES = 160
"""Places along a side at which its position is measured."""


@dataclass(frozen=True)
class Outline:
    """The quadrilateral that holds the picture: corners in pixels, clockwise from the one nearest the top left."""

    corners: tuple[tuple[float, float], ...]
    support: float
    """Share of the places along the weakest side at which a sharp edge was found on the line."""
    empty: float
    """Share of the canvas outside that has the canvas's level."""
    canvas: tuple[int, int]
    """Rows and columns of the canvas."""

    @property
    def points(self) -> Points:
        """The corners as an array (4, 2) of x and y."""
        return np.array(self.corners)

    @property
    def tilt_degrees(self) -> float:
        """Largest angle between a side and the canvas's edge that it belongs to."""
        sides = np.roll(self.points, -1, axis=0) - self.points
        angles = np.degrees(np.arctan2(sides[:, 1], sides[:, 0])) - np.array([0, 90, 180, 270])
        return float(np.abs((angles + 180) % 360 - 180).max())

    @property
    def perspective(self) -> float:
        """Largest difference in length of opposite sides, as a share of the longer one."""
        lengths = np.linalg.norm(np.roll(self.points, -1, axis=0) - self.points, axis=1)
        pairs = np.abs(lengths[:2] - lengths[2:]) / np.maximum(lengths[:2], lengths[2:])
        return float(pairs.max())

    def inside(self, margin: float = 0.0) -> Mask:
        """Return (rows, columns): pixels whose centre lies at least `margin` pixels inside."""
        rows, columns = self.canvas
        y, x = np.mgrid[:rows, :columns].astype(np.float32)
        inside = np.ones((rows, columns), bool)
        for start, stop in zip(self.points, np.roll(self.points, -1, axis=0), strict=True):
            along = (stop - start) / np.linalg.norm(stop - start)
            inside &= (along[0] * (y - start[1]) - along[1] * (x - start[0])) >= margin
        return inside


def find_outline(levels: NDArray[np.float32]) -> Outline | None:
    """Return the outline of a picture (r, c, n; levels 0 to 255), None where no four straight edges are found.

    The canvas's level is that of most of the outermost pixels. Four rough sides come from the convex hull of what
    differs from it; where the canvas cuts off the picture's corners they are the hull's edges that do not lie on the
    frame. Each side is then measured to a fraction of a pixel where the profile across it passes half of its step, by
    a line fitted robustly through these places.
    """
    unlike = _unlike_canvas(levels)
    if unlike is None:
        return None
    sides = _rough_sides(unlike > EMPTY)
    measured = [_measure_side(unlike, start, stop) for start, stop in sides]
    lines = [line for line in measured if line is not None]
    if len(lines) != 4:
        return None
    corners = np.array([_crossing(lines[i - 1][0], lines[i][0]) for i in range(4)])
    if not _plausible(corners, unlike.shape):
        return None
    support = min(line[1] for line in lines)
    outline = Outline(_from_top_left(corners, unlike.shape), support, 0.0, (unlike.shape[0], unlike.shape[1]))
    outside = ~outline.inside(-2.0)
    empty = float((unlike[outside] < EMPTY).mean()) if outside.any() else 0.0
    return replace(outline, empty=empty)


def _unlike_canvas(levels: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Return how far each pixel is from the canvas's level, None where the frame has no such level.

    The level is the median of the outermost pixels, or that of the corners where a turned picture reaches the frame.
    """
    frame = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    corners = levels[:: levels.shape[0] - 1, :: levels.shape[1] - 1].reshape(4, -1)
    for canvas, least in ((np.median(frame, axis=0), 0.6), (np.median(corners, axis=0), 0.04)):
        if (np.abs(frame - canvas).max(axis=1) < EMPTY).mean() >= least:
            return np.asarray(np.abs(levels - canvas.astype(np.float32)).max(axis=2), np.float32)
    return None


def _rough_sides(picture: Mask) -> list[tuple[Points, Points]]:
    """Return start and stop of the four sides, clockwise, of the largest thing on the canvas; none where it has not."""
    hull = _hull(picture)
    if hull is None:
        return []
    for share in (0.003, 0.005, 0.008, 0.012, 0.017, 0.023, 0.03, 0.04, 0.055, 0.075):
        corners = cv2.approxPolyDP(hull, share * cv2.arcLength(hull, True), True)[:, 0].astype(np.float64)
        if len(corners) < 4 or cv2.contourArea(hull) < 0.9 * cv2.contourArea(corners.astype(np.float32)):
            return []
        if cv2.contourArea(corners.astype(np.float32), oriented=True) < 0:
            corners = corners[::-1]
        pairs = list(zip(corners, np.roll(corners, -1, axis=0), strict=True))
        sides = [(start, stop) for start, stop in pairs if not _on_frame(start, stop, picture.shape)]
        if len(sides) == 4 and len(corners) <= 8:
            return sides
    return []


def _hull(picture: Mask) -> NDArray[np.int32] | None:
    """Return the convex hull of the largest connected thing, None where it is small."""
    opened = cv2.morphologyEx(picture.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    if count < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    if stats[largest, cv2.CC_STAT_AREA] < 0.1 * picture.size:
        return None
    contours, _ = cv2.findContours((labels == largest).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.convexHull(max(contours, key=cv2.contourArea)), np.int32)


def _on_frame(start: Points, stop: Points, shape: tuple[int, ...]) -> bool:
    """Return whether an edge lies along the canvas's own border."""
    both = np.stack([start, stop])
    borders = (both[:, 0] < 2, both[:, 1] < 2, both[:, 0] > shape[1] - 3, both[:, 1] > shape[0] - 3)
    return any(bool(near.all()) for near in borders)


def _plausible(corners: Points, shape: tuple[int, ...]) -> bool:
    """Return whether the corners are finite, near the canvas and convex."""
    if not np.isfinite(corners).all():
        return False
    beyond = 0.4 * np.array([shape[1], shape[0]])
    near = (corners > -beyond).all() and (corners < 1.4 * np.array([shape[1], shape[0]])).all()
    return bool(near and cv2.isContourConvex(corners.astype(np.float32)))


def _from_top_left(corners: Points, shape: tuple[int, ...]) -> tuple[tuple[float, float], ...]:
    """Return the corners clockwise, begun where the turn against the canvas is least."""
    rows, columns = shape
    canvas = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float64)
    turns = [np.roll(corners, -turn, axis=0) for turn in range(4)]
    best = min(turns, key=lambda turned: float(((turned - canvas) ** 2).sum()))
    return tuple((float(x), float(y)) for x, y in best)


def _measure_side(unlike: NDArray[np.float32], start: Points, stop: Points) -> tuple[Points, float] | None:
    """Return the line (a point, its direction) along one side and the share of places that lie on it."""
    along = (stop - start) / max(float(np.linalg.norm(stop - start)), 1e-6)
    inward = np.array([-along[1], along[0]])
    places = start + np.linspace(0.06, 0.94, SAMPLES)[:, None] * (stop - start)
    steps = np.arange(-REACH, REACH + 3.001, 0.25)
    at = places[:, None] + steps[None, :, None] * inward
    x, y = at[..., 0].astype(np.float32), at[..., 1].astype(np.float32)
    profiles = cv2.remap(unlike, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    edge = _half_way(np.asarray(profiles, np.float32), steps)
    seen = np.isfinite(edge)
    if seen.sum() < SAMPLES // 4:
        return None
    t = np.linspace(0, 1, SAMPLES)
    slope, offset = _robust_line(t[seen], edge[seen])
    on_line = np.abs(edge - (slope * t + offset)) < 1.0
    support = float((on_line & _sharp(np.asarray(profiles, np.float32), edge, steps)).mean())
    first, last = (places[i] + (slope * t[i] + offset) * inward for i in (0, -1))
    return np.array([first, last - first]), support


def _half_way(profiles: NDArray[np.float32], steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where each profile, from outside to inside, first passes half of its height; nan where it never does."""
    height = np.median(profiles[:, -12:], axis=1)
    above = profiles > height[:, None] / 2
    first = above.argmax(axis=1)
    good = (height > EMPTY) & (first > 0)
    row = np.arange(len(profiles))
    before, after = profiles[row, np.maximum(first - 1, 0)], profiles[row, first]
    share = (height / 2 - before) / np.maximum(after - before, 1e-6)
    where = steps[np.maximum(first - 1, 0)] + share * (steps[1] - steps[0])
    return np.asarray(np.where(good, where, np.nan), np.float64)


def _sharp(profiles: NDArray[np.float32], edge: NDArray[np.float64], steps: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return where a profile makes most of its step within 3 pixels: a cut picture does, a body's outline does not."""
    at = np.searchsorted(steps, np.nan_to_num(edge, nan=0.0))
    reach = round(1.5 / (steps[1] - steps[0]))
    row, last = np.arange(len(profiles)), profiles.shape[1] - 1
    rise = profiles[row, np.minimum(at + reach, last)] - profiles[row, np.maximum(at - reach, 0)]
    return np.asarray(np.isfinite(edge) & (rise > 0.6 * np.median(profiles[:, -12:], axis=1)))


def _robust_line(t: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Return slope and offset by Theil's and Sen's medians, then least squares through what lies within a pixel."""
    i, j = np.triu_indices(len(t), len(t) // 4)
    slope = float(np.median((y[j] - y[i]) / (t[j] - t[i])))
    offset = float(np.median(y - slope * t))
    near = np.abs(y - slope * t - offset) < 1.0
    if near.sum() >= 8:
        slope, offset = (float(value) for value in np.polyfit(t[near], y[near], 1))
    return slope, offset


def _crossing(one: Points, other: Points) -> Points:
    """Return where two lines (point, direction) cross; nan where they are parallel."""
    matrix = np.array([one[1], -other[1]]).T
    if abs(np.linalg.det(matrix)) < 1e-6:
        return np.array([np.nan, np.nan])
    return np.asarray(one[0] + np.linalg.solve(matrix, other[0] - one[0])[0] * one[1])
