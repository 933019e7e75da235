"""Where the pixels of a prepared picture lay: followed back through every step, a spot is where it was."""

import numpy as np
import pytest

from xray_platform.imaging.pixel_range import Pixels
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.steps.all import STEPS
from xray_platform.imaging.steps.border import BorderSettings
from xray_platform.imaging.steps.collimation import CollimationSettings
from xray_platform.imaging.steps.lungs import LungsSettings
from xray_platform.imaging.steps.resize import ResizeSettings
from xray_platform.imaging.steps.rotate import RotateSettings, StraightenSettings
from xray_platform.imaging.steps.window import WindowSettings

ROWS, COLUMNS = 300, 420
SPOT = (90, 280)


def spotted() -> Pixels:
    """A dark picture with one soft spot."""
    down, right = np.mgrid[:ROWS, :COLUMNS]
    pixels: Pixels = np.round(60000 * np.exp(-((down - SPOT[0]) ** 2 + (right - SPOT[1]) ** 2) / 200)).astype(np.uint16)
    return pixels


def centre(pixels: Pixels) -> tuple[float, float]:
    weight = pixels.astype(float) ** 2
    down, right = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    return float((down * weight).sum() / weight.sum()), float((right * weight).sum() / weight.sum())


@pytest.mark.parametrize(
    ("step", "found"),
    [
        (ResizeSettings(rows=100, columns=100), {}),
        (ResizeSettings(rows=640, columns=512), {}),
        (ResizeSettings(rows=90, columns=200, keep_aspect=False), {}),
        (BorderSettings(share=0.1), {}),
        (CollimationSettings(), {"top": 20.0, "left": 35.0, "bottom": 290.0, "right": 400.0}),
        (LungsSettings(), {"top": 40.0, "left": 100.0, "bottom": 280.0, "right": 400.0, "match": 1.0}),
        (RotateSettings(degrees=12), {}),
        (StraightenSettings(), {"degrees": -7.0, "seen": -7.0, "spread": 0.1}),
    ],
)  # fmt: skip
def test_a_spot_is_followed_back(step: ResizeSettings, found: dict[str, float]) -> None:
    before = spotted()
    after = step.run(before, found)
    assert step.origin(before.shape, found).place(*centre(after)) == pytest.approx(SPOT, abs=0.75)


def test_no_other_step_moves_a_spot() -> None:
    moving = {"border", "resize", "collimation", "lungs", "rotate", "straighten"}
    for kind, step in STEPS.items():
        moves = "origin" in vars(step)
        assert moves == (kind in moving), kind


def test_a_recipe_follows_all_of_its_steps() -> None:
    recipe = Recipe(
        steps=(
            WindowSettings(),
            RotateSettings(degrees=5),
            CollimationSettings(),
            ResizeSettings(rows=128, columns=128),
        )
    )
    trace = recipe.trace(spotted(), window=(0, 60000))
    assert trace.origin.place(*centre(trace.pixels)) == pytest.approx(SPOT, abs=2)
