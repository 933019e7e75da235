"""The table of recipes: each can be made, works on any standard image, and is its own."""

import numpy as np
import pytest

from xray_platform.errors import InputError
from xray_platform.imaging.recipe import Recipe, default_recipe
from xray_platform.imaging.recipes import RECIPES, named_recipe
from xray_platform_tests.imaging.chest import draw_chest


@pytest.mark.parametrize("name", RECIPES)
def test_each_prepares_a_chest_and_an_odd_picture(name: str) -> None:
    recipe = named_recipe(name, 48)
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
    for picture in (draw_chest()[0], np.zeros((1, 1), np.uint16), np.full((300, 7), 65535, np.uint16)):
        out = recipe.apply(picture)
        assert out.shape == recipe.shape
        assert recipe.gives.holds(out)


def test_no_two_are_the_same_and_the_default_is_the_default() -> None:
    assert len({named_recipe(name).id for name in RECIPES}) == len(RECIPES)
    assert named_recipe("default", 96) == default_recipe(96)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"no recipe is called 'best'; there are default, clahe"):
        named_recipe("best")
