"""Denoising: each remedy takes away the noise it is for, and leaves a clean picture nearly alone."""

import numpy as np
import pytest
from scipy import ndimage

from xray_platform.imaging.pixel_range import Pixels
from xray_platform.imaging.step import StepSettings
from xray_platform.imaging.steps.denoise import (
    BilateralSettings,
    GaussianSettings,
    MedianSettings,
    NonLocalMeansSettings,
)


def clean() -> Pixels:
    """A smooth picture with one sharp edge, 16 bits."""
    y, x = np.mgrid[0:96, 0:96] / 96
    picture: Pixels = (20000 + 12000 * np.sin(4 * y) + 20000 * (x > 0.5)).astype(np.uint16)
    return picture


def error(picture: Pixels) -> float:
    return float(np.sqrt(np.mean((picture.astype(float) - clean()) ** 2)))


def with_noise(deviation: float = 1500) -> Pixels:
    noise = np.random.default_rng(0).normal(0, deviation, (96, 96))
    return np.clip(clean() + noise, 0, 65535).astype(np.uint16)


@pytest.mark.parametrize(
    "step",
    [
        GaussianSettings(sigma=0.8),
        MedianSettings(side=3),
        MedianSettings(side=7),
        NonLocalMeansSettings(strength=0.03),
        BilateralSettings(grey_sigma=0.1),
    ],
    ids=lambda step: step.describe(),
)
def test_it_takes_away_gaussian_noise_and_leaves_a_clean_picture_nearly_alone(step: StepSettings) -> None:
    assert error(step.apply(with_noise())) < 0.75 * error(with_noise())
    assert error(step.apply(clean())) < 0.75 * error(with_noise())


def test_the_median_removes_single_wrong_pixels() -> None:
    wrong = clean()
    places = np.random.default_rng(1).random(wrong.shape) < 0.03
    wrong[places] = 65535
    assert error(MedianSettings(side=3).apply(wrong)) < 0.1 * error(wrong)


@pytest.mark.parametrize("step", [NonLocalMeansSettings(strength=0.03), BilateralSettings(grey_sigma=0.1)])
def test_edges_stay_sharper_than_under_a_gaussian(step: StepSettings) -> None:
    def edge(picture: Pixels) -> float:
        return float(np.abs(np.diff(picture.astype(float), axis=1)).max(axis=1).mean())

    assert edge(step.apply(with_noise())) > 1.3 * edge(GaussianSettings(sigma=1.5).apply(with_noise()))


@pytest.mark.parametrize("side", [3, 5, 7, 9])
def test_the_median_is_the_median_of_the_square(side: int) -> None:
    picture = np.random.default_rng(2).integers(0, 65536, (20, 23)).astype(np.uint16)
    expected = ndimage.median_filter(picture, side, mode="nearest")
    np.testing.assert_array_equal(MedianSettings(side=side).apply(picture), expected)
