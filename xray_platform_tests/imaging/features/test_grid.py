"""Grid: cells of any picture, none empty, means exact."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from xray_platform.imaging.features.grid import grid_places, pool


@given(rows=st.integers(1, 40), columns=st.integers(1, 40), grid=st.integers(1, 9))
def test_means_over_cells_are_means_of_their_pixels(rows: int, columns: int, grid: int) -> None:
    grid = min(grid, rows, columns)
    image = np.random.default_rng(rows).random((2, rows, columns)).astype(np.float32)
    cells = grid_places((rows, columns), grid)
    for picture, means in zip(image, pool(image, grid), strict=True):
        expected = [picture[cells == number].mean() for number in range(grid**2)]
        np.testing.assert_allclose(means.ravel(), expected, rtol=1e-5)
