"""Window: linear between its limits, rounded, for any 16-bit picture and any limits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from xray_platform.imaging.percentiles import histogram, percentiles
from xray_platform.imaging.steps.window import WindowSettings, stretch

levels = st.floats(0, 65535, allow_nan=False)


@given(low=levels, high=levels)
def test_it_is_the_straight_line_between_any_limits(low: float, high: float) -> None:
    low, high = sorted((low, high))
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    ours = stretch(values, low, high).astype(np.float64)
    line = (values - low) / (high - low) * 65535 if high - low >= 1e-6 else np.where(values > low, 65535, 0)
    assert np.abs(ours - np.clip(line, 0, 65535)).max() <= 1.0


@given(st.integers(0, 65535))
def test_a_constant_picture_stays_constant(level: int) -> None:
    out = WindowSettings().apply(np.full((3, 5), level, np.uint16))
    assert out.shape == (3, 5)
    assert len(np.unique(out)) == 1


def test_twelve_bits_keep_their_levels() -> None:
    picture = np.arange(4096, dtype=np.uint16).repeat(4).reshape(128, 128)
    assert len(np.unique(WindowSettings().apply(picture))) > 4000


@given(seed=st.integers(0, 99), percents=st.lists(st.floats(0, 100), min_size=1, max_size=5))
def test_percentiles_equal_numpys(seed: int, percents: list[float]) -> None:
    pixels = np.random.default_rng(seed).integers(0, 1 + seed * 600, (7, 9)).astype(np.uint16)
    assert percentiles(pixels, percents) == np.percentile(pixels, percents, method="inverted_cdf").tolist()


def test_percentiles_of_a_large_picture_equal_numpys_too() -> None:
    pixels = np.random.default_rng(0).normal(20000, 4000, (600, 500)).clip(0, 65535).astype(np.uint16)
    expected = np.percentile(pixels, (0, 0.5, 50, 99.5, 100), method="inverted_cdf").tolist()
    assert percentiles(pixels, (0, 0.5, 50, 99.5, 100)) == expected


def test_the_histogram_counts_every_pixel_of_a_large_picture() -> None:
    counts = histogram(np.full((4200, 4200), 65535, np.uint16))
    assert counts[65535] == counts.sum() == 4200 * 4200
