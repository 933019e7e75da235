import numpy as np
import pytest

from xray_platform.imaging.repair.channels import impulses_of, measure_noise
from xray_platform_tests.imaging.repair.chest import chest, noisy, thrown

EVERYWHERE = np.ones((160, 160), bool)


@pytest.mark.parametrize("sigma", [8.0, 15.0, 25.0])
def test_the_strength_of_gaussian_noise_is_measured(sigma: float) -> None:
    grey = (chest() // 2 + 60).astype(np.uint8)
    (noise,) = measure_noise(noisy(grey, sigma)[..., None].astype(np.float32), EVERYWHERE)
    assert noise.sigma == pytest.approx(sigma, rel=0.15)
    assert noise.growth * 128 < 0.4 * noise.sigma


def test_noise_that_grows_with_level_is_told_from_noise_that_does_not() -> None:
    grey = np.tile(np.linspace(20, 200, 160), (160, 1))
    speckled = grey * (1 + 0.1 * np.random.default_rng(0).standard_normal(grey.shape))
    (noise,) = measure_noise(speckled[..., None].astype(np.float32), EVERYWHERE)
    assert noise.growth == pytest.approx(0.1, rel=0.2)


def test_the_channel_that_carries_the_noise_is_named() -> None:
    picture = np.repeat(chest()[..., None], 3, axis=2)
    picture[..., 1] = noisy(thrown(chest(), 0.05), 20)
    noise = {channel.channel: channel for channel in measure_noise(picture.astype(np.float32), EVERYWHERE)}
    assert noise["green"].sigma > 5 * max(noise["red"].sigma, noise["blue"].sigma, 1)
    assert noise["green"].impulses > 0.005 > noise["red"].impulses


def test_thrown_pixels_are_found_and_edges_are_not() -> None:
    assert impulses_of(chest().astype(np.float32)).mean() < 0.001
    grey = thrown(chest(), 0.05)
    hit = impulses_of(grey.astype(np.float32))
    changed = np.abs(grey.astype(int) - chest()) > 80
    assert (hit & changed).sum() > 0.85 * changed.sum()


def test_too_little_to_measure_is_no_noise() -> None:
    (noise,) = measure_noise(np.zeros((8, 8, 1), np.float32), np.ones((8, 8), bool))
    assert (noise.sigma, noise.impulses) == (0.0, 0.0)
