"""Band energy: detail of each size in its band and at its place, whatever the tone."""

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from xray_platform.detectors.band_energy import BandSettings, band_energies
from xray_platform.image_stack import Images
from xray_platform_tests.detectors.chests import chests

SIDE = 128


def texture(grain: float, seed: int = 0) -> Images:
    """Return a picture (1, SIDE, SIDE) of blobs of about this size, in pixels."""
    noise = np.random.default_rng(seed).normal(size=(SIDE, SIDE)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), grain)
    return np.asarray(0.5 + 0.1 * smooth / smooth.std(), np.float32).clip(0, 1)[None]


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 0.1), (0.8, 0.2), (1.0, -0.05)])
def test_neither_contrast_nor_brightness_counts(gain: float, offset: float) -> None:
    images = chests(5, seed=1)
    toned = (images * gain + offset).astype(np.float32)
    np.testing.assert_allclose(band_energies(toned, 8, 3), band_energies(images, 8, 3), atol=0.01)


def test_coarser_texture_has_its_energy_in_coarser_bands() -> None:
    strongest = [int(band_energies(texture(grain), 8, 4).mean(axis=(0, 1, 2)).argmax()) for grain in (0.6, 2.0, 8.0)]
    assert strongest == sorted(strongest)
    assert strongest[0] == 0
    assert strongest[-1] == 3


def test_what_lies_in_a_cell_is_told_there() -> None:
    flat = np.full((1, SIDE, SIDE), 0.5, np.float32)
    flat[0, 32:48, 64:80] = texture(1.0)[0, 32:48, 64:80]
    row, column = np.unravel_index(band_energies(flat, 8, 2)[0, :, :, 0].argmax(), (8, 8))
    assert [int(row), int(column)] == [2, 4]


def test_the_border_is_left_out_and_empty_in_maps() -> None:
    settings = BandSettings(side=SIDE, cell=16, border=0.25)
    energies = settings.energies(texture(2.0))
    assert energies.shape == (1, 4, 4, 4)
    maps = settings.as_map(np.ones((1, 4, 4), np.float32), SIDE)
    assert maps[0, :8].max() < 0.01
    assert maps[0, 48:80, 48:80].min() > 0.9
    assert maps.max() <= 1


@pytest.mark.parametrize("wrong", [{"side": 100}, {"cell": 4}, {"bands": 6}])
def test_sides_that_do_not_fit_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match=r"do not fit; allowed: a side that is a multiple of the cell"):
        BandSettings.model_validate(wrong)
