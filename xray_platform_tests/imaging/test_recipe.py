"""Recipes: named by their content, refused where they cannot work, told in words."""

import json

import numpy as np
import pytest

from xray_platform.errors import InputError
from xray_platform.imaging.recipe import Recipe, default_recipe
from xray_platform.imaging.steps.resize import ResizeSettings
from xray_platform.imaging.steps.window import WindowSettings
from xray_platform_tests.imaging.tiny_store import soft_picture


def test_the_default_recipe_gives_sixteen_bits_from_black_to_white() -> None:
    prepared = default_recipe(64).apply(soft_picture(1, 200, 160))
    assert prepared.shape == (64, 64)
    assert prepared.dtype == np.uint16
    assert prepared.min() == 0
    assert prepared.max() > 60000
    assert (prepared[:, :6] == 0).all()  # 51 columns keep the aspect, the rest is black frame


def test_a_recipe_goes_through_json_and_keeps_its_name() -> None:
    recipe = default_recipe(96)
    back = Recipe.model_validate(json.loads(json.dumps(recipe.model_dump(mode="json"))))
    assert back == recipe
    assert back.id == recipe.id
    assert default_recipe(97).id != recipe.id
    assert len(recipe.id) == 12


def test_a_recipe_says_what_it_does() -> None:
    window, resize = default_recipe(128).describe()
    assert window.startswith("spread the grey values between the standard image's window")
    assert resize == "resize to 128 x 128 pixels by area averaging, aspect kept, padded with black"


def test_the_given_window_is_used_and_its_own_percentiles_without_one() -> None:
    picture = np.arange(1000, dtype=np.uint16).reshape(20, 50)
    recipe = Recipe(steps=(WindowSettings(low_percentile=0, high_percentile=100),))
    given, own = recipe.trace(picture, (100, 300)), recipe.trace(picture)
    assert given.found == ({"low": 100.0, "high": 300.0},)
    assert own.found == ({"low": 0.0, "high": 999.0},)
    assert (given.pixels == 0).sum() == 101
    assert (given.pixels == 65535).sum() == 700


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.float32), np.zeros((4, 0), np.uint16), np.zeros(4, np.uint16)],
)
def test_anything_but_a_standard_image_is_refused(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint16]]) -> None:
    with pytest.raises(InputError):
        default_recipe().apply(pixels)


def test_limits_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(InputError, match="must lie below"):
        WindowSettings(low_percentile=90, high_percentile=10)


def test_the_shape_is_known_beforehand() -> None:
    assert Recipe(steps=(WindowSettings(), ResizeSettings(rows=30, columns=20))).shape == (30, 20)
    assert Recipe(steps=(WindowSettings(),)).shape is None
