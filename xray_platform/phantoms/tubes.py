"""Tubes: bones, vessels and airways as bent tubes whose line integrals are laid on the grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.frame import Field, Frame

Numbers = NDArray[np.float32]
ACROSS = (2, 3, 4, 6, 8, 11, 14, 17, 20, 24, 30, 44)  # how many samples a tube may get across
AT_ONCE = 16_000  # samples whose arrays fit the processor's cache together
STEP_PIXELS = 1.0  # distance of samples along a tube


@dataclass(frozen=True)
class Tubes:
    """A bundle of k bent tubes of n points each: points (k, n, 3) in mm, half-widths (k, n) as seen in the picture, mm.

    `section` (k, n) is attenuation integrated over the cross-section, mm; `hollow` is the share of the radius that is
    hollow: 0 for a vessel, 0.8 for a bone with a cortex of a fifth of its radius.
    """

    points: Numbers
    half_width: Numbers
    section: Numbers
    hollow: float = 0.0


def tubes(
    points: NDArray[np.floating], half_width: NDArray[np.floating] | float, strength: float, hollow: float = 0.0
) -> Tubes:
    """Return round tubes of a material that attenuates by `strength` a mm; a single line (n, 3) is a bundle of one."""
    lines = np.asarray(points, dtype=np.float32).reshape(-1, *points.shape[-2:])
    width = np.broadcast_to(np.asarray(half_width, dtype=np.float32), lines.shape[:2])
    return Tubes(lines, width, np.float32(strength * np.pi * (1 - hollow**2)) * width**2, hollow)


def lay(bundles: Sequence[Tubes], frame: Frame) -> Field:
    """Return the attenuation of all tubes on the grid, float32 (rows, columns), by splats that conserve mass."""
    total = np.zeros(frame.rows * frame.columns, dtype=np.float32)
    for bundle in bundles:
        for part in _by_width(bundle, frame):
            _splat(total, part, frame)
    return total.reshape(frame.rows, frame.columns)


def _by_width(bundle: Tubes, frame: Frame) -> list[Tubes]:
    """Part a bundle by how many samples across its tubes need, lest thin ones get as many as thick ones."""
    need = np.searchsorted(ACROSS[:-1], 2.0 * bundle.half_width.max(axis=1) / frame.pixel_y)
    parts = [need == level for level in np.unique(need)]
    return [Tubes(bundle.points[at], bundle.half_width[at], bundle.section[at], bundle.hollow) for at in parts]


@lru_cache(maxsize=64)
def _profile(count: int, hollow: float) -> tuple[Numbers, Numbers]:
    """Return offsets in [-1, 1] across a tube and the share of its mass that lies at each."""
    edges = np.linspace(-1, 1, count * 8 + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    thick = np.sqrt(1 - middle**2) - np.sqrt(np.clip(hollow**2 - middle**2, 0, None))
    mass = thick.reshape(count, 8).sum(axis=1)
    offset = (thick * middle).reshape(count, 8).sum(axis=1) / mass
    return offset.astype(np.float32), (mass / mass.sum()).astype(np.float32)


def _splat(total: Numbers, bundle: Tubes, frame: Frame) -> None:
    """Add the bundle to the flat grid in place, every sample shared among its four neighbours."""
    need = int(np.searchsorted(ACROSS[:-1], 2.0 * float(bundle.half_width.max()) / frame.pixel_y))
    offset, share = _profile(ACROSS[need], bundle.hollow)
    walk = _walk(bundle, frame)
    row, column = walk[0], walk[1]
    inside = (row > 0) & (column > 0) & (row < frame.rows - 1) & (column < frame.columns - 1)
    lines = [value[inside][:, None] for value in walk]
    step = max(AT_ONCE // len(offset), 1)
    for start in range(0, len(lines[0]), step):
        _share_out(total, [value[start : start + step] for value in lines], offset, share, frame)


def _share_out(total: Numbers, walk: list[Numbers], offset: Numbers, share: Numbers, frame: Frame) -> None:
    """Add samples across a stretch of axis to the flat grid in place."""
    row, column, across_row, across_column, mass = walk
    r = np.clip(row + across_row * offset, 0, frame.rows - 1.01).ravel()
    c = np.clip(column + across_column * offset, 0, frame.columns - 1.01).ravel()
    weight = (mass * share).ravel()
    top, left = np.floor(r), np.floor(c)  # float32 all along: int32 beside float32 would make everything float64
    down, right = r - top, c - left
    at = (top * np.float32(frame.columns) + left).astype(np.intp)  # whole numbers up to 2**24 are exact
    lower = weight * down
    upper = weight - lower
    lower_right, upper_right = lower * right, upper * right
    np.add.at(total, at, upper - upper_right)
    np.add.at(total[1:], at, upper_right)
    np.add.at(total[frame.columns :], at, lower - lower_right)
    np.add.at(total[frame.columns + 1 :], at, lower_right)


def _walk(bundle: Tubes, frame: Frame) -> tuple[Numbers, ...]:
    """Sample the axes of the tubes: place, offset of the edge (pixels), and mass (attenuation x pixels)."""
    points, width, section = bundle.points, bundle.half_width, bundle.section
    x, y = frame.project(points[..., 0], points[..., 1], points[..., 2])
    row, column = frame.row(y), frame.column(x)
    length_mm = np.sqrt((np.diff(points, axis=1) ** 2).sum(axis=2)).ravel()
    d_row, d_column = np.diff(row, axis=1).ravel(), np.diff(column, axis=1).ravel()
    in_plane = np.hypot(d_row, d_column)
    count = np.maximum(np.ceil(in_plane / STEP_PIXELS), 1).astype(np.int32)
    at = np.repeat(np.arange(len(count)), count)
    share = ((np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count) + 0.5) / count[at]).astype(np.float32)
    normal = _normals(d_row.reshape(row.shape[0], -1), d_column.reshape(row.shape[0], -1))
    along = [_between(value, at, share) for value in (row, column, width, section, *normal)]
    length = (length_mm / count / (frame.pixel_x * frame.pixel_y)).astype(np.float32)
    mass = along[3] * length[at]
    return along[0], along[1], along[2] / frame.pixel_y * along[4], along[2] / frame.pixel_x * along[5], mass


def _normals(d_row: Numbers, d_column: Numbers) -> tuple[Numbers, Numbers]:
    """Return the unit normal at every point of every tube, so that neighbouring steps join without a gap."""
    at_row = np.concatenate([d_row[:, :1], d_row[:, :-1] + d_row[:, 1:], d_row[:, -1:]], axis=1)
    at_column = np.concatenate([d_column[:, :1], d_column[:, :-1] + d_column[:, 1:], d_column[:, -1:]], axis=1)
    length = np.maximum(np.hypot(at_row, at_column), 1e-6)
    return at_column / length, -at_row / length


def _between(value: Numbers, at: NDArray[np.intp], share: Numbers) -> Numbers:
    """Interpolate values at points (k, n) to samples within their steps."""
    start = np.ascontiguousarray(value[:, :-1]).ravel()
    step = np.diff(value, axis=1).ravel()
    return np.asarray(start[at] + share * step[at], dtype=np.float32)
