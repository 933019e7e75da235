"""Beside the body: even air or frame that goes on to the picture's edge; nothing else is sure enough to paint over."""

import numpy as np
import pytest

from xray_platform.dicom.burned_in.lines import TextLine, cover_of
from xray_platform.dicom.burned_in.outside import is_outside
from xray_platform_tests.dicom.burned_in.drawing import Pixels, chest


def at(top: int, left: int, height: int = 20, width: int = 120) -> TextLine:
    bottom, right = top + height, left + width
    return TextLine(((left, top), (right, top), (right, bottom), (left, bottom)), float(height), 1.0)


def outside(picture: Pixels, line: TextLine) -> bool:
    return is_outside(picture, line, cover_of([line], picture.shape))


@pytest.mark.parametrize("place", [(20, 20), (20, 300), (470, 200)])
def test_dark_air_around_the_body_is_outside(place: tuple[int, int]) -> None:
    assert outside(chest(512, 512, air=60), at(*place))


def test_a_white_frame_is_outside() -> None:
    assert outside(255 - chest(512, 512, air=60), at(20, 20))


@pytest.mark.parametrize("place", [(250, 200), (250, 30), (100, 300), (420, 200)])
def test_lungs_and_body_are_not(place: tuple[int, int]) -> None:
    assert not outside(chest(512, 512), at(*place))


def test_half_in_the_air_is_not() -> None:
    assert not outside(chest(512, 512, air=60), at(45, 100, height=30))


def test_a_black_island_within_the_body_is_not() -> None:
    picture = chest(512, 512)
    picture[200:300, 150:350] = 0
    assert not outside(picture, at(240, 190))


def test_the_grey_of_tissue_at_the_edge_is_not() -> None:
    assert not outside(np.full((512, 512), 120, np.uint8), at(20, 20))
