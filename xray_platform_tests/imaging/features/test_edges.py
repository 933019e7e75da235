"""Edges: gradients equal scikit-image's, a ramp of 1 a pixel gives 1, cells hold what lies in them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from skimage import filters as untyped

from xray_platform.errors import InputError
from xray_platform.imaging.features.edges import ScharrSettings, SobelSettings, scharr, sobel

IMAGE: Any = np.random.default_rng(0).random((30, 40)).astype(np.float32)
filters: Any = untyped
INSIDE = (slice(1, -1), slice(1, -1))


def double(part: Any) -> Any:
    """Ours is the change per pixel, scikit-image's spans two of them."""
    return part * 2


def test_gradients_equal_scikit_images_inside() -> None:
    down, across = (double(part) for part in sobel(IMAGE))
    np.testing.assert_allclose(down[INSIDE], filters.sobel_h(IMAGE)[INSIDE], atol=1e-6)
    np.testing.assert_allclose(across[INSIDE], filters.sobel_v(IMAGE)[INSIDE], atol=1e-6)
    down, across = (double(part) for part in scharr(IMAGE))
    np.testing.assert_allclose(down[INSIDE], filters.scharr_h(IMAGE)[INSIDE], atol=1e-6)
    np.testing.assert_allclose(across[INSIDE], filters.scharr_v(IMAGE)[INSIDE], atol=1e-6)


@pytest.mark.parametrize("gradient", [sobel, scharr])
def test_a_ramp_has_its_slope(gradient: Callable[[Any], tuple[Any, Any]]) -> None:
    down, across = gradient(np.tile(np.arange(20, dtype=np.float32)[:, None] / np.float32(100), (1, 20)))
    np.testing.assert_allclose(down[1:-1], 0.01, atol=1e-6)
    np.testing.assert_allclose(across, 0, atol=1e-6)


@pytest.mark.parametrize("settings", [SobelSettings(grid=4), ScharrSettings(grid=4)])
def test_an_edge_shows_in_its_cells_and_direction(settings: SobelSettings | ScharrSettings) -> None:
    image = np.zeros((1, 40, 40), np.float32)
    image[0, 25:] = 1  # in the third row of cells
    strength, deviation, down, across = settings.compute(image).reshape(4, 4, 4)
    assert (strength[2] > 0.05).all()
    assert not strength[[0, 1, 3]].any()
    np.testing.assert_allclose(down, strength)
    assert not across.any()
    assert (deviation[2] > 0).all()


def test_more_cells_than_pixels_are_refused() -> None:
    with pytest.raises(InputError, match="grid of 8 cells does not fit into 5 pixels"):
        SobelSettings().compute(np.zeros((1, 5, 20), np.float32))
