"""Stored: levels survive storing, white is 1 and scores are nearly themselves."""

import numpy as np
import pytest

from xray_platform.imaging.pixel_range import BYTE, FULL, SCORES, SPAN, UNIT, PixelRange
from xray_platform.imaging.store.rounding import for_display, from_storage, stored_dtype, stored_meaning, to_storage


@pytest.mark.parametrize("pixel_range", [BYTE, FULL])
def test_whole_numbers_become_shares_of_white(pixel_range: PixelRange) -> None:
    levels = np.arange(SPAN[pixel_range.dtype] + 1).astype(pixel_range.dtype)
    read = from_storage(to_storage(levels, pixel_range))
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, levels / SPAN[pixel_range.dtype], rtol=1e-6)
    assert (np.diff(read) > 0).all()
    assert (read.min(), read.max()) == (0, 1)


def test_shares_of_white_keep_every_level_of_sixteen_bits() -> None:
    unit = (np.arange(65536) / 65535).astype(np.float32)
    stored = to_storage(unit, UNIT)
    assert stored.dtype == np.uint16
    assert stored.tolist() == list(range(65536))
    assert stored_meaning(UNIT) == "0 is black, 65535 is white"


def test_scores_are_kept_in_half_precision() -> None:
    scores = np.linspace(-4, 4, 999, dtype=np.float32)
    assert stored_dtype(SCORES) == "float16"
    np.testing.assert_allclose(from_storage(to_storage(scores, SCORES)), scores, atol=2e-3)


def test_scores_and_channels_can_be_looked_at() -> None:
    scores = np.random.default_rng(0).normal(0, 2, (2, 3, 8, 9)).astype(np.float32)
    for pictures in (scores, scores[:, 0], np.zeros((0, 8, 9), np.float32), np.full((1, 8, 9), -2, np.float32)):
        seen = for_display(pictures)
        assert seen.shape == (len(pictures), 8, 9)
        assert ((seen >= 0) & (seen <= 1)).all()
