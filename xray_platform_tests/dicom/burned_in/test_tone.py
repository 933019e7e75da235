"""Tone: whatever stands out of a picture stands out of its 8 bits, however bright or dark all else is."""

import numpy as np
import pytest

from xray_platform.dicom.burned_in.tone import eight_bits


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32])
def test_the_range_is_used_and_the_order_kept(dtype: type[np.integer]) -> None:
    values = np.arange(10_000).reshape(100, 100).astype(np.int64) % 250
    grey = eight_bits(values.astype(dtype))
    assert grey.dtype == np.uint8
    assert (grey.min(), grey.max()) == (0, 255)
    assert (np.diff(grey.ravel()[:250].astype(int)) >= 0).all()


@pytest.mark.parametrize(("frame", "ink"), [(3000, 4095), (1000, 0)], ids=["above all else", "below all else"])
def test_what_lies_beyond_the_percentiles_can_still_be_seen(frame: int, ink: int) -> None:
    values = np.full((1000, 1000), frame, np.uint16)
    values[::2] = np.linspace(1000, 3000, 1000).astype(np.uint16)
    values[500:503, 100:110] = ink
    grey = eight_bits(values).astype(int)
    assert abs(grey[501, 105] - grey[501, 200]) >= 10


def test_the_grain_of_a_white_frame_is_not_made_stronger() -> None:
    values = np.linspace(0, 4000, 1_000_000).reshape(1000, 1000).astype(np.uint16)
    values[:100] = 4085
    values[50, ::7] = 4095
    assert np.ptp(eight_bits(values)[:100].astype(int)) <= 2


def test_an_even_picture_is_even() -> None:
    assert np.ptp(eight_bits(np.full((50, 60), 77, np.uint16))) == 0
