"""Tubes: bones, vessels and airways as bent tubes whose line integrals are laid on the grid."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.body_grid import BodyGrid, Field

FloatArray = NDArray[np.float32]
LONG_BONE, SMALL_BONE = 0.7, 0.4  # shares of the radius that are hollow; few different ones, as each is laid on its own
ACROSS = np.array((2, 4, 6, 8, 12, 16, 22, 30, 44))  # how many samples a tube may get across
AT_ONCE = 16_000  # samples whose arrays fit the processor's cache together
STEP_PIXELS = 1.0  # distance of samples along a tube


@dataclass(frozen=True)
class Tubes:
    """A bundle of k bent tubes of n points each: points (k, n, 3) in mm, half-widths (k, n) as seen in the picture, mm.

    `section` (k, n) is attenuation integrated over the cross-section, mm; `hollow` is the share of the radius that is
    hollow: 0 for a vessel, 0.8 for a bone with a cortex of a fifth of its radius.
    """

    points: FloatArray
    half_width: FloatArray
    section: FloatArray
    hollow: float = 0.0


def tubes(
    points: NDArray[np.floating], half_width: NDArray[np.floating] | float, strength: float, hollow: float = 0.0
) -> Tubes:
    """Return round tubes of a material that attenuates by `strength` a mm; a single line (n, 3) is a bundle of one."""
    lines = np.asarray(points, dtype=np.float32).reshape(-1, *points.shape[-2:])
    width = np.broadcast_to(np.asarray(half_width, dtype=np.float32), lines.shape[:2])
    return Tubes(lines, width, np.float32(strength * np.pi * (1 - hollow**2)) * width**2, hollow)


def rasterise(bundles: Sequence[Tubes], grid: BodyGrid) -> Field:
    """Return the attenuation of all tubes on the grid, float32 (rows, columns), by splats that conserve mass."""
    total = np.zeros(grid.rows * grid.columns, dtype=np.float32)
    by_hollow: dict[float, list[Tubes]] = {}
    for bundle in bundles:
        by_hollow.setdefault(bundle.hollow, []).append(bundle)
    for hollow, group in by_hollow.items():
        _splat(total, _sample_axes(group, grid), hollow, grid)
    return total.reshape(grid.rows, grid.columns)


@dataclass(frozen=True)
class AxisSamples:
    """Samples along the axes of tubes: place and half-width in pixels, unit normal, mass in attenuation x pixels."""

    row: FloatArray
    column: FloatArray
    half_rows: FloatArray
    half_columns: FloatArray
    mass: FloatArray
    width: FloatArray

    def cut(self, at: slice | NDArray[np.bool_] | NDArray[np.intp]) -> "AxisSamples":
        return AxisSamples(*(getattr(self, field.name)[at] for field in fields(self)))


def _sample_axes(bundles: Sequence[Tubes], grid: BodyGrid) -> AxisSamples:
    """Sample the axes of the tubes at about a pixel."""
    points = np.concatenate([bundle.points.reshape(-1, 3) for bundle in bundles], dtype=np.float32)
    width = np.concatenate([bundle.half_width.ravel() for bundle in bundles], dtype=np.float32)
    section = np.concatenate([bundle.section.ravel() for bundle in bundles], dtype=np.float32)
    sizes = np.concatenate([np.full(len(bundle.points), bundle.points.shape[1]) for bundle in bundles])
    ends = np.cumsum(sizes)[:-1] - 1  # no step leads from the end of one tube to the start of the next
    x, y = grid.project(points[:, 0], points[:, 1], points[:, 2])
    row, column = grid.row(y), grid.column(x)
    d_row, d_column = np.diff(row), np.diff(column)
    d_row[ends] = d_column[ends] = 0
    length_mm = np.sqrt((np.diff(points, axis=0) ** 2).sum(axis=1))
    length_mm[ends] = 0
    count = np.maximum(np.ceil(np.hypot(d_row, d_column) / STEP_PIXELS), 1).astype(np.intp)
    count[ends] = 0
    at = np.repeat(np.arange(len(count)), count)
    share = (np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count) + 0.5) / count[at]
    normal_row, normal_column = _normals(d_row, d_column)
    per_sample = (length_mm / np.maximum(count, 1) / (grid.pixel_x * grid.pixel_y)).astype(np.float32)
    values = (row, column, normal_row, normal_column, width, section)
    r, c, n_row, n_column, w, mass = _between(values, at, share.astype(np.float32))
    return AxisSamples(
        r, c, n_row * w / grid.pixel_y, n_column * w / grid.pixel_x, mass * per_sample[at], 2 * w / grid.pixel_y
    )


def _normals(d_row: FloatArray, d_column: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the unit normal at every point, so that neighbouring steps join without a gap."""
    none = np.zeros(1, dtype=np.float32)
    at_row = np.concatenate([d_row, none]) + np.concatenate([none, d_row])
    at_column = np.concatenate([d_column, none]) + np.concatenate([none, d_column])
    length = np.maximum(np.hypot(at_row, at_column), 1e-6)
    return at_column / length, -at_row / length


def _between(values: tuple[FloatArray, ...], at: NDArray[np.intp], share: FloatArray) -> list[FloatArray]:
    """Interpolate values at points to samples within their steps."""
    return [value[at] + share * np.diff(value)[at] for value in values]


@lru_cache(maxsize=64)
def _profile(count: int, hollow: float) -> tuple[FloatArray, FloatArray]:
    """Return offsets in [-1, 1] across a tube and the share of its mass that lies at each."""
    edges = np.linspace(-1, 1, count * 8 + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    thick = np.sqrt(1 - middle**2) - np.sqrt(np.clip(hollow**2 - middle**2, 0, None))
    mass = thick.reshape(count, 8).sum(axis=1)
    offset = (thick * middle).reshape(count, 8).sum(axis=1) / mass
    return offset.astype(np.float32), (mass / mass.sum()).astype(np.float32)


def _splat(total: FloatArray, samples: AxisSamples, hollow: float, grid: BodyGrid) -> None:
    """Add the tubes to the flat grid in place, the broader ones with more samples across."""
    inside = (
        (samples.row > 0) & (samples.column > 0) & (samples.row < grid.rows - 1) & (samples.column < grid.columns - 1)
    )
    samples = samples.cut(inside)
    need = np.searchsorted(ACROSS[:-1], samples.width)
    for level in np.unique(need):
        part = samples.cut(np.flatnonzero(need == level))
        offset, share = _profile(int(ACROSS[level]), hollow)
        step = max(AT_ONCE // len(offset), 1)
        for start in range(0, len(part.row), step):
            _share_out(total, part.cut(slice(start, start + step)), offset, share, grid)


def _share_out(total: FloatArray, samples: AxisSamples, offset: FloatArray, share: FloatArray, grid: BodyGrid) -> None:
    """Add samples across a stretch of axis to the flat grid in place, each shared among its four neighbours."""
    r = np.clip(samples.row[:, None] + samples.half_rows[:, None] * offset, 0, grid.rows - 1.01).ravel()
    c = np.clip(samples.column[:, None] + samples.half_columns[:, None] * offset, 0, grid.columns - 1.01).ravel()
    weight = (samples.mass[:, None] * share).ravel()
    top, left = np.floor(r), np.floor(c)  # float32 all along: int32 beside float32 would make everything float64
    down, right = r - top, c - left
    at = (top * np.float32(grid.columns) + left).astype(np.intp)  # whole numbers up to 2**24 are exact
    lower = weight * down
    upper = weight - lower
    lower_right, upper_right = lower * right, upper * right
    np.add.at(total, at, upper - upper_right)
    np.add.at(total[1:], at, upper_right)
    np.add.at(total[grid.columns :], at, lower - lower_right)
    np.add.at(total[grid.columns + 1 :], at, lower_right)
