"""The flat border of a picture is measured from each side inwards."""

import numpy as np
import pytest

from xray_platform.dicom.pixels.border import Border, flat_border


def framed(top: int, bottom: int, left: int, right: int, value: float = 0.0) -> np.ndarray:
    """Return a lively picture of 100 x 100 pixels with a flat frame of these widths."""
    picture = np.full((100, 100), value, np.float32)
    inside = np.random.default_rng(0).random((100 - top - bottom, 100 - left - right))
    picture[top : 100 - bottom, left : 100 - right] = inside
    return picture


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_each_side_is_measured_for_itself(value: float) -> None:
    assert flat_border(framed(10, 20, 30, 5, value)) == Border(0.1, 0.2, 0.3, 0.05)


def test_its_share_is_that_of_the_area() -> None:
    assert flat_border(framed(10, 10, 25, 25)).share == pytest.approx(1 - 0.8 * 0.5)
    assert flat_border(framed(0, 0, 0, 0)).share == 0


def test_a_picture_that_is_flat_all_over_is_nothing_but_border() -> None:
    assert flat_border(np.full((20, 30), 0.5, np.float32)).share == 1


def test_flat_lines_within_the_picture_are_no_border() -> None:
    picture = framed(0, 0, 0, 0)
    picture[40:60] = 0.5
    assert flat_border(picture).share == 0


def test_a_little_noise_is_still_flat() -> None:
    picture = framed(30, 0, 0, 0)
    picture[:30] += np.random.default_rng(1).random((30, 100)).astype(np.float32) * 0.015
    assert flat_border(picture).top == pytest.approx(0.3)
