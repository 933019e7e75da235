from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from xray_platform.imaging.repair.colour_maps import named_map
from xray_platform.imaging.repair.colours_to_grey import InversionSettings, invert_colours
from xray_platform.imaging.repair.find_colour_map import Tone, curve_of
from xray_platform.imaging.repair.level_prior import level_prior
from xray_platform.imaging.repair.likelihood import distance_log_likelihood, learnt_log_likelihood, separate
from xray_platform.imaging.repair.posterior import posterior_maps, softmax
from xray_platform_tests.imaging.repair.chest import chest, error, noisy, painted

EVERYWHERE = np.ones((160, 160), bool)


def nearest(picture: NDArray[Any], curve: NDArray[np.float32]) -> NDArray[np.float64]:
    distance = ((picture[..., None, :].astype(float) - curve) ** 2).sum(axis=3)
    return np.asarray(distance.argmin(axis=2) * 4 + 1.5)


@pytest.mark.parametrize("name", ["jet", "turbo", "hot", "viridis"])
def test_noisy_colours_come_back_closer_than_by_the_nearest_colour(name: str) -> None:
    picture = noisy(painted(chest(), name), 30)
    curve = curve_of(named_map(name), Tone())
    grey = invert_colours(picture.astype(np.float32), curve, EVERYWHERE, InversionSettings())
    assert grey.shape == (160, 160)
    assert 0 <= grey.min() <= grey.max() <= 255
    assert error(grey, chest()) < 0.5 * error(nearest(picture, curve), chest())
    assert error(grey, chest()) < 13


def test_levels_that_a_clipped_tone_curve_left_open_are_filled_smoothly() -> None:
    tone = Tone(2.15, 41, 230)
    picture = noisy(painted(chest(), "jet", tone), 25)
    curve = curve_of(named_map("jet"), tone)
    grey = invert_colours(picture.astype(np.float32), curve, EVERYWHERE, InversionSettings())
    assert error(grey, chest()) < 14
    assert grey[:, :4].mean() < 6  # air beside the body is black although 30 levels share its colour


def test_noise_of_one_channel_does_not_drown_the_others() -> None:
    picture = painted(chest()).copy()
    picture[..., 1] = noisy(picture[..., 1], 90)
    curve = curve_of(named_map("jet"), Tone())
    channels = separate(picture.astype(np.float32), curve, EVERYWHERE)
    posterior = softmax(distance_log_likelihood(channels))
    likeliest = posterior.argmax(axis=0) * 4 + 1.5
    assert error(likeliest, chest()) < 0.7 * error(nearest(picture, curve), chest())


def test_learnt_tables_explain_the_picture_better_than_distance_does() -> None:
    picture = noisy(painted(chest()), 30)
    channels = separate(picture.astype(np.float32), curve_of(named_map("jet"), Tone()), EVERYWHERE)
    first = softmax(distance_log_likelihood(channels))
    learnt = softmax(learnt_log_likelihood(channels, first, blur=2.0))
    truth = np.clip(chest() // 4, 0, 63)
    at = (truth, *np.mgrid[:160, :160])
    assert learnt[at].mean() > 0.5 * first[at].mean()
    assert learnt.sum(axis=0) == pytest.approx(1.0, abs=1e-4)


def test_maps_for_a_learnt_restorer_know_nothing_where_nothing_is_usable() -> None:
    usable = EVERYWHERE.copy()
    usable[40:60, 40:60] = False
    picture = noisy(painted(chest()), 15).astype(np.float32)
    maps = posterior_maps(picture, separate(picture, curve_of(named_map("jet"), Tone()), usable))
    assert maps.shape == (8, 160, 160)
    assert 0 <= maps.min() <= maps.max() <= 1
    assert not maps[:, 50, 50].any()
    assert error(maps[5][usable] * 255, chest()[usable]) < 15


def test_the_level_prior_is_a_distribution() -> None:
    shares = level_prior()
    assert shares.shape == (64,)
    assert shares.sum() == pytest.approx(1.0)
    assert shares.min() > 0
