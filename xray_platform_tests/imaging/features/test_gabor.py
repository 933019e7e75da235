"""Gabor: each filter answers to its own stripes."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import filters as untyped

from xray_platform.imaging.features.gabor import GaborSettings

SETTINGS = GaborSettings(grid=2)
filters: Any = untyped


def stripes(wavelength: float, degrees: float) -> NDArray[np.float32]:
    """Stripes that change along `degrees`, counter-clockwise from rightwards; amplitude 0.5."""
    y, x = np.mgrid[0:128, 0:128]
    angle = np.radians(degrees)
    along = x * np.cos(angle) - y * np.sin(angle)
    return np.asarray(0.5 + 0.5 * np.cos(2 * np.pi * along / wavelength), np.float32)[None]


@pytest.mark.parametrize("wavelength", [4, 8, 16])
@pytest.mark.parametrize("degrees", [0, 45, 90, 135])
def test_stripes_are_seen_best_by_the_filter_made_for_them(wavelength: int, degrees: int) -> None:
    row = SETTINGS.compute(stripes(wavelength, degrees))[0]
    best = SETTINGS.names((128, 128))[int(row.argmax())]
    assert best.startswith(f"gabor_wavelength{wavelength}_angle{degrees}_")
    assert row.max() == pytest.approx(0.5, rel=0.1)


def test_brightness_alone_is_no_stripe() -> None:
    assert SETTINGS.compute(np.full((1, 60, 50), 0.7, np.float32)).max() < 1e-5


def test_stripes_in_one_corner_show_in_its_cell() -> None:
    image = np.full((1, 128, 128), 0.5, np.float32)
    image[0, :64, 64:] = stripes(8, 0)[0, :64, 64:]
    cells = SETTINGS.compute(image).reshape(SETTINGS.shape((128, 128)))[1, 0]
    assert np.unravel_index(cells.argmax(), (2, 2)) == (0, 1)
    assert cells[0, 1] > 5 * cells[1, 0]


def test_strengths_equal_scikit_images_inside() -> None:
    image = np.random.default_rng(0).random((120, 130)).astype(np.float32)
    ours = GaborSettings(scales=2).strengths(image).reshape(2, 4, *image.shape)
    inside = (slice(30, -30), slice(30, -30))
    for scale, place in np.ndindex(2, 4):
        turned = -np.pi * place / 4  # theirs turns clockwise
        parts = filters.gabor(image - image.mean(), 1 / (4 * 2**scale), theta=turned, bandwidth=1, n_stds=6)
        theirs = 2 * np.hypot(*parts)  # theirs gives half of a stripe's amplitude
        np.testing.assert_allclose(ours[scale, place][inside], theirs[inside], atol=5e-3)
