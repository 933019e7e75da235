"""Tubes: bones, vessels and airways as bent tubes whose line integrals are laid on the grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.frame import Field, Frame

Line = NDArray[np.float64]


@dataclass(frozen=True)
class Tube:
    """A bent tube: points (n, 3) in mm, half-widths (n,) in the picture's plane, attenuation times mm² of its section.

    `hollow` is the share of the radius that is hollow: 0 solid, 0.8 a cortical shell of a fifth of the radius.
    """

    points: Line
    half_width: Line
    section: Line
    hollow: float = 0.0


def tube(points: Line, half_width: Line | float, strength: float, hollow: float = 0.0, end: float | None = None) -> Tube:
    """Return a round tube of a material that attenuates by `strength` a mm; `end` is its half-width at the far end."""
    start = np.broadcast_to(np.asarray(half_width, dtype=float), (len(points),))
    width = start if end is None else start + (end - start) * np.linspace(0, 1, len(points))
    return Tube(points, width, strength * np.pi * width**2 * (1 - hollow**2), hollow)


@lru_cache(maxsize=32)
def _profile(count: int, hollow: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return offsets in [-1, 1] across a tube and the share of its mass that lies at each."""
    edges = np.linspace(-1, 1, count * 8 + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    chord = np.sqrt(1 - middle**2) - np.sqrt(np.clip(hollow**2 - middle**2, 0, None))
    mass = chord.reshape(count, 8).sum(axis=1)
    offset = (chord * middle).reshape(count, 8).sum(axis=1) / mass
    return offset.astype(np.float32), (mass / mass.sum()).astype(np.float32)


def lay(tubes: Sequence[Tube], frame: Frame) -> Field:
    """Return the attenuation of all tubes on the grid, float32 (rows, columns), by mass-conserving splats."""
    size = frame.rows * frame.columns
    total = np.zeros(size + frame.columns + 2)
    for count, hollow, group in _groups(tubes, frame):
        _splat(total, group, frame, *_profile(count, hollow))
    return total[:size].reshape(frame.rows, frame.columns).astype(np.float32)


def _groups(tubes: Sequence[Tube], frame: Frame) -> list[tuple[int, float, list[Tube]]]:
    """Sort the tubes by shell and by how many samples across they need."""
    groups: dict[tuple[int, float], list[Tube]] = {}
    for item in tubes:
        pixels = 2 * float(item.half_width.max()) / frame.pixel_y
        count = next((c for c in (2, 4, 8, 12, 18, 26, 40) if c >= 1.1 * pixels), 60)
        groups.setdefault((count, item.hollow), []).append(item)
    return [(count, hollow, group) for (count, hollow), group in groups.items()]


def _splat(
    total: NDArray[np.float64],
    group: list[Tube],
    frame: Frame,
    offset: NDArray[np.float32],
    share: NDArray[np.float32],
) -> None:
    row, column, across_row, across_column, mass = _walk(group, frame)
    r = row[:, None] + across_row[:, None] * offset
    c = column[:, None] + across_column[:, None] * offset
    w = mass[:, None] * share
    inside = (r >= 0) & (c >= 0) & (r < frame.rows - 1) & (c < frame.columns - 1)
    r, c, w = r[inside], c[inside], w[inside]
    top, left = r.astype(np.int32), c.astype(np.int32)
    down, right = r - top, c - left
    at = top * frame.columns + left
    lower = w * down
    upper = w - lower
    for step, weight in (
        (0, upper * (1 - right)),
        (1, upper * right),
        (frame.columns, lower * (1 - right)),
        (frame.columns + 1, lower * right),
    ):
        total += np.bincount(at + step, weight, minlength=len(total))


def _walk(group: list[Tube], frame: Frame) -> tuple[NDArray[np.float32], ...]:
    """Sample the axes of the tubes at about a pixel: place, offset of the edge, and mass in attenuation x pixel."""
    points = np.concatenate([item.points for item in group])
    first = np.cumsum([0, *(len(item.points) for item in group)])
    start = np.delete(np.arange(len(points)), first[1:] - 1)  # every point that has a next one in its tube
    width = np.concatenate([item.half_width for item in group])
    section = np.concatenate([item.section for item in group])
    x, y = frame.project(points[:, 0], points[:, 1], points[:, 2])
    row, column = frame.row(y), frame.column(x)
    length_mm = np.linalg.norm(points[start + 1] - points[start], axis=1)
    d_row, d_column = row[start + 1] - row[start], column[start + 1] - column[start]
    in_plane = np.hypot(d_row, d_column)
    count = np.maximum(np.ceil(in_plane / 0.9), 1).astype(int)
    which = np.repeat(np.arange(len(start)), count)
    share = (np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count) + 0.5) / count[which]
    s = start[which]
    mm = width[s] + share * (width[s + 1] - width[s])
    area = frame.pixel_x * frame.pixel_y
    mass = (section[s] + share * (section[s + 1] - section[s])) * (length_mm / count)[which] / area
    safe = np.maximum(in_plane, 1e-6)
    values = (
        row[s] + share * d_row[which],
        column[s] + share * d_column[which],
        mm / frame.pixel_y * (d_column / safe)[which],
        -mm / frame.pixel_x * (d_row / safe)[which],
        mass,
    )
    return tuple(value.astype(np.float32) for value in values)
