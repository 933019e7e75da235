"""Intensity statistics equal scipy's and stay finite."""

import numpy as np
import pandas as pd
from scipy import stats

from xray_platform.imaging.features.statistics import PERCENTS, StatisticsSettings


def table(images: np.ndarray[tuple[int, ...], np.dtype[np.float32]], grid: int = 2) -> pd.DataFrame:
    settings = StatisticsSettings(grid=grid)
    return pd.DataFrame(settings.compute(images), columns=settings.names(images.shape[1:]))


def test_they_equal_scipy() -> None:
    images = np.random.default_rng(0).beta(2, 5, (4, 30, 21)).astype(np.float32)
    flat, ours = images.reshape(4, -1).astype(np.float64), table(images)
    np.testing.assert_allclose(ours["statistics_skewness"], stats.skew(flat, axis=1), rtol=1e-4)
    np.testing.assert_allclose(ours["statistics_kurtosis"], stats.kurtosis(flat, axis=1), atol=1e-4)
    for percent in PERCENTS:
        expected = np.percentile(flat, percent, axis=1)
        np.testing.assert_allclose(ours[f"statistics_percentile{percent}"], expected, rtol=1e-5)
    np.testing.assert_allclose(ours["statistics_cell1.0_mean"], images[:, 15:, :11].mean(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(ours["statistics_cell1.0_deviation"], images[:, 15:, :11].std(axis=(1, 2)), rtol=1e-4)


def test_a_constant_picture_has_no_shape_and_no_entropy() -> None:
    ours = table(np.full((1, 9, 9), 0.3, np.float32)).iloc[0]
    assert ours[["statistics_skewness", "statistics_kurtosis", "statistics_entropy_bits"]].tolist() == [0, 0, 0]


def test_two_equal_halves_carry_one_bit() -> None:
    halves = np.concatenate([np.zeros((1, 8, 8)), np.ones((1, 8, 8))], axis=1).astype(np.float32)
    assert table(halves)["statistics_entropy_bits"].iloc[0] == 1
