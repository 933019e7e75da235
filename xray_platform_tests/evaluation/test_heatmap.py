"""Heat map: one scale for all pictures of a model; nothing normal glows, and a strong map never hides the anatomy."""

import numpy as np
import pytest

from xray_platform.errors import InputError
from xray_platform.evaluation.heatmap import STRONGEST, MapScale, map_scale, overlay, palette_stops, strength

SCALE = MapScale(low=1, high=3)


def test_normal_pictures_hardly_glow_on_their_own_scale() -> None:
    maps = np.random.default_rng(0).normal(size=(20, 32, 32)).astype(np.float32)
    scale = map_scale(maps)
    height = strength(maps, scale)
    assert np.mean(height > 0) == pytest.approx(0.05, abs=0.002)
    assert np.mean(height == 1) == pytest.approx(0.001, abs=0.0005)
    assert "20 normal pictures" in scale.source


def test_the_same_value_has_the_same_colour_in_every_picture() -> None:
    weak, strong = (np.full((4, 4), value, np.float32) for value in (1.5, 2.5))
    picture = np.full((4, 4), 0.5, np.float32)
    mixed = np.where(np.arange(4) < 2, weak, strong)
    laid = overlay(picture, mixed, SCALE)
    assert (laid[:, :2] == overlay(picture, weak, SCALE)[:, :2]).all()
    assert (laid[:, 2:] == overlay(picture, strong, SCALE)[:, 2:]).all()


def test_below_the_scale_the_picture_is_untouched() -> None:
    picture = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    laid = overlay(picture, np.ones((8, 8), np.float32), SCALE)
    assert laid.dtype == np.uint8
    assert (laid == np.round(picture * 255).astype(np.uint8)[..., None]).all()


def test_the_strongest_colour_lets_the_anatomy_through() -> None:
    stripes = np.tile(np.array([0, 1], np.float32), (8, 4))
    laid = overlay(stripes, np.full((8, 8), 99, np.float32), SCALE).astype(int)
    assert (laid[:, 1] - laid[:, 0] >= 255 * (1 - STRONGEST) - 2).all()


def test_a_scale_without_width_and_maps_that_are_no_numbers_colour_nothing() -> None:
    flat = map_scale(np.zeros((3, 4, 4), np.float32))
    assert strength(np.ones((4, 4), np.float32), flat).max() == 0
    assert strength(np.full((4, 4), np.nan, np.float32), SCALE).max() == 0


def test_no_normal_picture_no_scale() -> None:
    with pytest.raises(InputError, match="at least one normal picture"):
        map_scale(np.zeros((0, 8, 8), np.float32))


def test_the_legend_shows_the_colours_of_the_scale() -> None:
    stops = palette_stops(5)
    full = overlay(np.zeros((1, 1), np.float32), np.full((1, 1), 3, np.float32), SCALE)[0, 0]
    assert len(set(stops)) == 5
    assert [int(stops[-1][place : place + 2], 16) for place in (1, 3, 5)] == pytest.approx(full / STRONGEST, abs=2)
