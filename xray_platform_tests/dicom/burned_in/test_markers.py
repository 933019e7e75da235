"""Side markers: read where they are lone letters, and held against the side on which they stand."""

import numpy as np
import pytest

from xray_platform.dicom.burned_in.find import find_markers
from xray_platform.dicom.burned_in.markers import SideMarker, on_the_wrong_side
from xray_platform.dicom.pixels.thumbnail import Thumbnail
from xray_platform_tests.dicom.burned_in.drawing import Pixels, burn, chest, letters


def small(picture: Pixels) -> Thumbnail:
    return np.asarray(picture / 255, np.float32)


@pytest.mark.parametrize("sign", ["L", "R"])
def test_a_lone_letter_is_read_where_it_stands_or_not_at_all(sign: str) -> None:
    read = []
    for size in (12, 18, 26):
        ink = letters(sign, size, "DejaVuSans-Bold.ttf")
        for drawn in (ink, ink[:, ::-1]):
            for marker in find_markers(small(burn(chest(224, 224), drawn, 20, -20))):
                assert marker.sign == sign
                assert marker.column > 0.8
                assert marker.row == pytest.approx((20 + ink.shape[0] / 2) / 224, abs=0.05)
                read.append(marker)
    assert read


def test_a_chest_without_marker_has_none() -> None:
    assert find_markers(small(chest(224, 224))) == ()


def test_a_name_is_no_marker() -> None:
    picture = burn(chest(224, 224), letters("RL LR 19", 14), 20, 20)
    assert find_markers(small(picture)) == ()


@pytest.mark.parametrize(
    ("sign", "column", "wrong"),
    [("R", 0.1, False), ("L", 0.9, False), ("R", 0.9, True), ("L", 0.1, True), ("L", 0.48, False)],
)
def test_the_right_hand_is_on_the_left_of_the_picture(sign: str, column: float, wrong: bool) -> None:
    marker = SideMarker("L" if sign == "L" else "R", False, 0.1, column, 0.05, 0.95)
    assert (on_the_wrong_side([marker], 0.9) is not None) == wrong


def test_a_marker_that_is_hardly_read_says_nothing() -> None:
    assert on_the_wrong_side([SideMarker("R", False, 0.1, 0.9, 0.05, 0.8)], 0.9) is None
