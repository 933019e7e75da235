"""Where no paint may go: lungs, heart and neck; and, where no lungs are found, all that is not near an edge."""

import numpy as np
import pytest

from xray_platform.dicom.burned_in.chest import chest_of, spares
from xray_platform.dicom.burned_in.lines import TextLine
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom
from xray_platform_tests.dicom.burned_in.drawing import Pixels, framed


def at(top: int, left: int, height: int = 20, width: int = 100) -> TextLine:
    bottom, right = top + height, left + width
    return TextLine(((left, top), (right, top), (right, bottom), (left, bottom)), float(height), 1.0)


@pytest.fixture(scope="module")
def phantom() -> Pixels:
    """A chest of 512 pixels, uint8: the lungs dark, in the middle."""
    pixels = render(sample_phantom(np.random.default_rng(3), PhantomSettings(side=512))).pixels
    low, high = np.percentile(pixels, (0.1, 99.9))
    return np.asarray(np.clip((pixels - low) / (high - low) * 255, 0, 255), np.uint8)


@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("place", [(5, 5), (5, 400), (480, 5), (480, 400), (485, 200)])
def test_corners_and_belly_may_be_painted(phantom: Pixels, place: tuple[int, int], negative: bool) -> None:
    picture = 255 - phantom if negative else phantom
    rows, columns = picture.shape
    top, left = min(place[0], rows - 25), min(place[1], columns - 105)
    assert spares(at(top, left), chest_of(picture))


@pytest.mark.parametrize("negative", [False, True])
def test_lungs_heart_and_neck_may_not(phantom: Pixels, negative: bool) -> None:
    picture = 255 - phantom if negative else phantom
    chest, (rows, columns) = chest_of(picture), picture.shape
    for down, across in ((0.5, 0.3), (0.5, 0.7), (0.55, 0.5), (0.45, 0.2)):
        assert not spares(at(round(down * rows) - 10, round(across * columns) - 50), chest)
    assert not spares(at(2, columns // 2 - 10, 60, 20), chest), "the neck"


def test_where_no_lungs_are_found_only_the_edge_may_be_painted() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (512, 512)).astype(np.uint8)
    chest = chest_of(noise)
    assert spares(at(60, 10), chest)
    assert not spares(at(120, 150), chest)
    assert not spares(at(60, 10, 100, 120), chest), "from the edge to the middle"


def test_a_white_frame_around_the_film_is_no_chest_wall_and_air_in_it_no_lung(phantom: Pixels) -> None:
    film = framed(phantom)
    chest, (rows, columns) = chest_of(film), film.shape
    assert spares(at(45, columns - 135, 25, 100), chest), "a plate over the shoulder"
    assert spares(at(rows - 70, columns - 140), chest), "a line beside the belly"
    for down, across in ((0.5, 0.33), (0.5, 0.67), (0.55, 0.5)):
        assert not spares(at(round(down * rows) - 10, round(across * columns) - 50), chest)
    assert not spares(at(35, columns // 2 - 10, 60, 20), chest), "the neck"


def test_black_around_a_film_is_no_white_frame_of_its_negative(phantom: Pixels) -> None:
    film = np.pad(phantom, 60)
    chest = chest_of(film)
    for down, across in ((0.5, 0.37), (0.5, 0.63), (0.55, 0.5)):
        assert not spares(at(round(down * len(film)) - 10, round(across * len(film)) - 50), chest)
