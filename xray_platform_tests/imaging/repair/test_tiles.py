import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_platform.imaging.repair.colour_maps import named_map
from xray_platform.imaging.repair.colours_to_grey import InversionSettings, invert_colours
from xray_platform.imaging.repair.find_colour_map import Tone, curve_of
from xray_platform.imaging.repair.levels import Grey
from xray_platform.imaging.repair.likelihood import separate
from xray_platform.imaging.repair.tiles import Tile, in_tiles
from xray_platform_tests.imaging.repair.chest import chest, error, noisy, painted


@given(st.integers(1, 90), st.integers(1, 90), st.integers(5, 40), st.integers(0, 9))
def test_tiles_put_together_are_the_picture(rows: int, columns: int, side: int, margin: int) -> None:
    picture = np.random.default_rng(0).random((rows, columns), np.float32)
    largest = 0

    def work(place: Tile) -> Grey:
        nonlocal largest
        largest = max(largest, *picture[place].shape)
        return picture[place]

    assert np.array_equal(in_tiles((rows, columns), work, side, margin), picture)
    assert largest <= 1.5 * side + 2 * margin


def test_a_large_film_is_inverted_as_well_as_a_small_one() -> None:
    film = np.tile(chest(), (2, 6))
    picture = noisy(painted(film), 20).astype(np.float32)
    usable = np.ones(film.shape, bool)
    usable[:, :700] = False
    grey = invert_colours(picture, curve_of(named_map("jet"), Tone()), usable, InversionSettings(rounds=0))
    assert error(grey[:, 720:], film[:, 720:]) < 13


def test_a_piece_keeps_what_is_known_of_the_noise() -> None:
    picture = noisy(painted(chest()), 20).astype(np.float32)
    whole = separate(picture, curve_of(named_map("jet"), Tone()), np.ones((160, 160), bool))
    piece = whole.crop((slice(10, 40), slice(20, 90)))
    assert piece.values.shape == (3, 30, 70)
    assert piece.usable.shape == (30, 70)
    assert piece.scatter == pytest.approx(whole.scatter)
