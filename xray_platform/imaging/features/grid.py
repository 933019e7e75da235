"""Grid: the cells of a picture, and means over them."""

import numpy as np
from numpy.typing import NDArray

from xray_platform.errors import InputError
from xray_platform.imaging.step import Shape


def grid_places(shape: Shape, grid: int) -> NDArray[np.int64]:
    """Return for each pixel the number of its cell in a grid x grid division, row by row: int64 (rows, columns)."""
    down, across = (np.arange(length) * grid // length for length in shape)
    return down[:, None] * grid + across


def pool(maps: NDArray[np.float32], grid: int) -> NDArray[np.float32]:
    """Return the mean over each cell: (..., rows, columns) to (..., grid, grid).

    Raises InputError where the picture has fewer pixels than cells on a side.
    """
    starts = [_starts(length, grid) for length in maps.shape[-2:]]
    sums = np.add.reduceat(np.add.reduceat(maps, starts[0], axis=-2), starts[1], axis=-1)
    sizes = [np.diff([*start, length]) for start, length in zip(starts, maps.shape[-2:], strict=True)]
    return np.asarray(sums / np.outer(*sizes), np.float32)


def _starts(length: int, grid: int) -> NDArray[np.int64]:
    if length < grid:
        raise InputError(f"a grid of {grid} cells does not fit into {length} pixels")
    return -(-np.arange(grid) * length // grid)


def cell_names(prefix: str, grid: int) -> list[str]:
    """Return a name for each cell, row by row."""
    return [f"{prefix}_cell{row}.{column}" for row, column in np.ndindex(grid, grid)]
