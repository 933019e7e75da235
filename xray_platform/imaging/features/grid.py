"""Grid: the cell that each pixel of a picture lies in."""

import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.step import Shape


def grid_places(shape: Shape, grid: int) -> NDArray[np.int64]:
    """Return for each pixel the number of its cell in a grid x grid division, row by row: int64 (rows, columns)."""
    down, across = (np.arange(length) * grid // length for length in shape)
    return down[:, None] * grid + across
