"""Grid: the cells of a picture, and means over them."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from xray_platform.errors import InputError
from xray_platform.imaging.step import Shape

Real = TypeVar("Real", np.float32, np.float64)


def count_codes(codes: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return how often each of `size` codes occurs in each picture: (N, ...) to (N, size)."""
    apart = codes.reshape(len(codes), -1) + np.arange(len(codes))[:, None] * size
    return np.bincount(apart.ravel(), minlength=len(codes) * size).reshape(len(codes), size)


def grid_places(shape: Shape, grid: int) -> NDArray[np.int64]:
    """Return for each pixel the number of its cell in a grid x grid division, row by row: int64 (rows, columns)."""
    down, across = (np.arange(length) * grid // length for length in shape)
    return down[:, None] * grid + across


def pool(maps: NDArray[Real], grid: int) -> NDArray[Real]:
    """Return the mean over each cell: (..., rows, columns) to (..., grid, grid), same dtype.

    Raises InputError where the picture has fewer pixels than cells on a side.
    """
    starts = [_starts(length, grid) for length in maps.shape[-2:]]
    sums = np.add.reduceat(np.add.reduceat(maps, starts[0], axis=-2), starts[1], axis=-1)
    down, across = (np.diff(first, append=length) for first, length in zip(starts, maps.shape[-2:], strict=True))
    return np.asarray(sums / np.outer(down, across), maps.dtype)


def _starts(length: int, grid: int) -> NDArray[np.int64]:
    if length < grid:
        raise InputError(f"a grid of {grid} cells does not fit into {length} pixels")
    return -(-np.arange(grid) * length // grid)


def cell_names(prefix: str, grid: int) -> list[str]:
    """Return a name for each cell, row by row."""
    return [f"{prefix}_cell{row}.{column}" for row, column in np.ndindex(grid, grid)]
