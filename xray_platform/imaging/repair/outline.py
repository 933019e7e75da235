"""Outline: find the four straight edges of a picture that lies rotated or in perspective on an empty canvas."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.repair.form import Mask

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

    The canvas's level is that of most of the outermost pixels. A rough quadrilateral comes from the convex hull of
    what differs from it; each side is then measured to a fraction of a pixel where the profile across it passes half
    of its step, by a line fitted robustly through these places.
    """
    unlike = _unlike_canvas(levels)
    if unlike is None:
        return None
    rough = _rough_corners(unlike > EMPTY)
    if rough is None:
        return None
    lines = [_measure_side(unlike, start, stop) for start, stop in zip(rough, np.roll(rough, -1, axis=0), strict=True)]
    found = [line for line in lines if line is not None]
    if len(found) < 4:
        return None
    corners = np.array([_crossing(found[i - 1][0], found[i][0]) for i in range(4)])
    if not np.isfinite(corners).all() or np.abs(corners - rough).max() > 2 * REACH:
        return None
    outline = Outline(
        tuple((float(x), float(y)) for x, y in corners), min(line[1] for line in found), 0.0, unlike.shape
    )
    outside = ~outline.inside(-2.0)
    empty = float((unlike[outside] < EMPTY).mean()) if outside.any() else 0.0
    return Outline(outline.corners, outline.support, empty, outline.canvas)


def _unlike_canvas(levels: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Return how far each pixel is from the canvas's level, None where the frame has no such level."""
    frame = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    canvas = np.median(frame, axis=0)
    if (np.abs(frame - canvas).max(axis=1) < EMPTY).mean() < 0.6:
        return None
    return np.asarray(np.abs(levels - canvas.astype(np.float32)).max(axis=2), np.float32)


def _rough_corners(picture: Mask) -> Points | None:
    """Return the quadrilateral around the largest thing on the canvas, None where its hull is none."""
    opened = cv2.morphologyEx(picture.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    if count < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    if stats[largest, cv2.CC_STAT_AREA] < 0.1 * picture.size:
        return None
    contours, _ = cv2.findContours((labels == largest).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.convexHull(max(contours, key=cv2.contourArea))
    for tolerance in np.arange(0.01, 0.08, 0.005) * cv2.arcLength(hull, True):
        corners = cv2.approxPolyDP(hull, tolerance, True)
        if len(corners) <= 4:
            break
    if len(corners) != 4 or cv2.contourArea(hull) < 0.9 * cv2.contourArea(corners):
        return None
    return _from_top_left(corners[:, 0].astype(np.float64), picture.shape)


def _from_top_left(corners: Points, shape: tuple[int, ...]) -> Points:
    """Return the corners clockwise, begun where the turn against the canvas is least."""
    if cv2.contourArea(corners.astype(np.float32), oriented=True) < 0:
        corners = corners[::-1]
    rows, columns = shape
    canvas = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float64)
    turns = [np.roll(corners, -turn, axis=0) for turn in range(4)]
    return min(turns, key=lambda turned: float(((turned - canvas) ** 2).sum()))


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
