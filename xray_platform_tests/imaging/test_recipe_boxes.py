"""Boxes through a recipe: there and back within a pixel, in every recipe that the platform brings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_platform.bounding_box import BoundingBox
from xray_platform.imaging.affine import Affine
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.imaging.recipes import RECIPES
from xray_platform.imaging.steps.rotate import RotateSettings

ROWS, COLUMNS = 300, 420


def picture() -> Pixels:
    """Something like a chest, with a black border."""
    down, right = np.mgrid[:ROWS, :COLUMNS]
    pixels = np.full((ROWS, COLUMNS), 30000.0)
    for middle in (0.32, 0.68):
        pixels -= 24000 * np.exp(-(((right / COLUMNS - middle) / 0.12) ** 2) - ((down / ROWS - 0.5) / 0.25) ** 2)
    pixels[:, :20] = 0
    made: Pixels = pixels.astype(np.uint16)
    return made


TRACES = {name: named.recipe(128).trace(picture(), (0, 30000)) for name, named in RECIPES.items()}


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_the_way_is_known_from_what_the_steps_found_alone(name: str) -> None:
    recipe, trace = RECIPES[name].recipe(128), TRACES[name]
    assert recipe.origin((ROWS, COLUMNS), trace.found).matrix == pytest.approx(trace.origin.matrix)


@settings(max_examples=60)
@given(
    name=st.sampled_from(sorted(RECIPES)),
    top=st.floats(0, ROWS - 2), left=st.floats(0, COLUMNS - 2), height=st.floats(1, ROWS), width=st.floats(1, COLUMNS),
)  # fmt: skip
def test_there_and_back_within_a_pixel(name: str, top: float, left: float, height: float, width: float) -> None:
    box = BoundingBox(top, left, min(height, ROWS - top), min(width, COLUMNS - left))
    origin = TRACES[name].origin
    back = origin.box(origin.inverse.box(box))
    assert vars(back) == pytest.approx(vars(box), abs=1)


def test_in_a_tilted_picture_the_box_stands_around_the_tilted_one() -> None:
    origin: Affine = RotateSettings(degrees=7).origin((ROWS, COLUMNS), {})
    box = BoundingBox(120, 180, 60, 40)
    back = origin.box(origin.inverse.box(box))
    assert (back.top + back.bottom, back.left + back.right) == pytest.approx((300, 400), abs=1)
    assert back.top < box.top
    assert back.right > box.right


def test_a_box_of_the_prepared_picture_is_where_its_pixels_lay() -> None:
    marked = picture()
    marked[100:160, 250:300] = 65535
    for name in ("default", "equalised"):
        trace = RECIPES[name].recipe(128).trace(marked, (0, 65535))
        box = trace.origin.inverse.box(BoundingBox(100, 250, 60, 50))
        bright = np.argwhere(trace.pixels >= 0.99 * trace.pixels.max())
        assert (box.top, box.left) == pytest.approx(tuple(bright.min(axis=0)), abs=1.5)
        assert (box.bottom, box.right) == pytest.approx(tuple(bright.max(axis=0) + 1), abs=1.5)
