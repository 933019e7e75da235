from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from xray_platform.imaging.repair.outline import find_outline
from xray_platform_tests.imaging.repair.chest import QUAD, chest, noisy, painted, thrown, warped

shift = st.floats(-8, 8)


def levels_of(picture: NDArray[Any]) -> NDArray[np.float32]:
    return picture.reshape(*picture.shape[:2], -1).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(shift, shift), min_size=4, max_size=4))
def test_any_quadrilateral_is_found_to_half_a_pixel(shifts: list[tuple[float, float]]) -> None:
    quad = tuple(
        (x + dx, y + dy) for (x, y), (dx, dy) in zip(((14, 14), (145, 14), (145, 145), (14, 145)), shifts, strict=True)
    )
    bright = np.full((160, 160), 150, np.uint8) + chest() // 4
    outline = find_outline(levels_of(warped(bright, quad)))
    assert outline is not None
    assert np.abs(outline.points - np.array(quad)).max() < 0.6
    assert outline.support > 0.9
    assert outline.empty > 0.99


@pytest.mark.parametrize("degrees", [4, -6, 15, 25])
def test_a_turned_picture_is_found_although_the_canvas_cuts_its_corners_off(degrees: float) -> None:
    matrix = cv2.getRotationMatrix2D((79.5, 79.5), degrees, 1.0)
    turned = np.asarray(cv2.warpAffine(painted(chest()), matrix, (160, 160)))
    edges = np.array([[-0.5, -0.5, 1], [159.5, -0.5, 1], [159.5, 159.5, 1], [-0.5, 159.5, 1]])
    outline = find_outline(levels_of(turned))
    assert outline is not None
    assert np.abs(outline.points - edges @ matrix.T).max() < 0.5
    assert outline.tilt_degrees == pytest.approx(abs(degrees), abs=0.3)


def test_a_body_on_black_air_is_no_outline_however_straight_it_stands() -> None:
    y, x = np.mgrid[:160, :160]
    body = 180 / (1 + np.exp((np.abs(x - 80 + 0.08 * (y - 80)) - 55) / 4))
    outline = find_outline(levels_of(body.astype(np.uint8)))
    assert outline is None or outline.support < 0.5


def test_noise_inside_does_not_move_the_outline() -> None:
    picture = warped(thrown(noisy(painted(chest()), 25), 0.1))
    outline = find_outline(levels_of(picture))
    assert outline is not None
    assert np.abs(outline.points - np.array(QUAD)).max() < 1.0


def test_a_film_that_fills_its_frame_has_no_outline() -> None:
    assert find_outline(levels_of(chest())) is None


@pytest.mark.parametrize("level", [0, 130, 255])
def test_a_constant_picture_has_no_outline(level: int) -> None:
    assert find_outline(np.full((64, 64, 1), level, np.float32)) is None


def test_the_mask_holds_what_lies_inside() -> None:
    outline = find_outline(levels_of(warped(np.full((160, 160), 200, np.uint8))))
    assert outline is not None
    inside = outline.inside()
    assert inside[80, 80]
    assert not inside[2, 2]
    assert outline.inside(3.0).sum() < inside.sum()
    assert 2.0 < outline.tilt_degrees < 8.0
    assert 0.0 <= outline.perspective < 0.1
