import numpy as np
import pytest

from xray_platform.imaging.repair.colour_maps import CYCLIC, known_maps, named_map
from xray_platform.imaging.repair.find_colour_map import Tone, find_false_colour
from xray_platform_tests.imaging.repair.chest import chest, noisy, painted

EVERYWHERE = np.ones((160, 160), bool)
STRONG = ("jet", "hot", "rainbow", "turbo", "viridis", "plasma", "inferno", "parula", "cool", "gnuplot2", "seismic")


def test_every_map_is_a_table_of_256_colours() -> None:
    maps = known_maps()
    assert len({known.name for known in maps}) == len(maps) >= 40
    for known in maps:
        assert known.colours.shape == (256, 3)
        assert 0 <= known.colours.min() <= known.colours.max() <= 1
    assert {known.name for known in maps} >= CYCLIC


@pytest.mark.parametrize("name", STRONG)
def test_the_map_of_a_painted_picture_is_named(name: str) -> None:
    found = find_false_colour(noisy(painted(chest(), name), 10).astype(np.float32), EVERYWHERE)
    assert found is not None
    assert found.name == name
    assert found.distance < 15


@pytest.mark.parametrize("name", ["bone", "cividis", "pink"])
def test_a_map_of_faint_colours_is_named_too(name: str) -> None:
    found = find_false_colour(noisy(painted(chest(), name), 5).astype(np.float32), EVERYWHERE)
    assert found is not None
    assert found.name == name
    assert found.chroma < 60


def test_jet_is_named_through_noise_and_a_clipped_squeezed_tone_curve() -> None:
    tone = Tone(2.1, 41, 230)
    found = find_false_colour(noisy(painted(chest(), "jet", tone), 35).astype(np.float32), EVERYWHERE)
    assert found is not None
    assert found.name == "jet"
    assert found.tone.low == pytest.approx(41, abs=12)
    assert found.tone.high == pytest.approx(230, abs=12)
    assert 1.5 < found.tone.gain < 3


def test_grey_and_faintly_tinted_pictures_are_not_false_coloured() -> None:
    grey = np.repeat(chest()[..., None], 3, axis=2).astype(np.float32)
    assert find_false_colour(grey, EVERYWHERE) is None
    assert find_false_colour(np.clip(grey * np.array([0.95, 1, 1.05], np.float32), 0, 255), EVERYWHERE) is None
    assert find_false_colour(grey[..., :1], EVERYWHERE) is None


def test_a_tone_curve_that_changes_nothing_is_the_default() -> None:
    colours = named_map("hot").colours
    assert Tone().apply(colours) == pytest.approx(colours * 255, abs=1e-3)
