"""Places are filled with what is around them, and nothing of what stood there is left."""

import numpy as np
import pytest

from xray_platform.dicom.burned_in.fill import filled


def cover(shape: tuple[int, int], *places: tuple[slice, slice]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    made = np.zeros(shape, np.uint8)
    for place in places:
        made[place] = 1
    return made


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_a_slope_goes_on_through_it(dtype: type) -> None:
    down, across = np.mgrid[0:120, 0:160]
    slope = (down + across / 2 + (-100 if dtype is np.int16 else 10)).astype(dtype)
    place = (slice(50, 70), slice(40, 120))
    written = slope.copy()
    written[place] = np.random.default_rng(0).integers(0, 255, (20, 80)).astype(dtype)
    made = filled(written, cover(slope.shape, place))
    assert np.abs(made.astype(int) - slope)[place].max() < 8
    outside = cover(slope.shape, place) == 0
    assert np.array_equal(made[outside], written[outside])
    assert made.dtype == dtype


def test_what_stood_there_does_not_matter() -> None:
    plain = np.random.default_rng(1).integers(80, 120, (100, 100)).astype(np.uint16)
    places = ((slice(10, 22), slice(0, 60)), (slice(70, 100), slice(80, 100)))
    white = plain.copy()
    for place in places:
        white[place] = 4095
    once, twice = (filled(each, cover(plain.shape, *places)) for each in (plain, white))
    ring = cover(plain.shape, *places) > 0
    assert np.array_equal(once[ring], twice[ring])
    assert 90 < once[ring].mean() < 110


def test_a_picture_that_is_covered_whole_says_nothing() -> None:
    values = np.random.default_rng(2).integers(5, 255, (40, 40)).astype(np.uint8)
    assert np.unique(filled(values, np.ones((40, 40), np.uint8))).tolist() == [values.min()]
