"""Gradients: those of a turned, mirrored or inverted picture are those of the picture, read in another order."""

import numpy as np
import pytest

from xray_platform.dicom.anatomy.gradients import POSITIONS, Position, gradients, in_all_positions
from xray_platform.dicom.pixels.thumbnail import Thumbnail


def put(picture: Thumbnail, position: Position) -> Thumbnail:
    picture = picture.T if position.transposed else picture
    picture = picture[::-1] if position.upside_down else picture
    picture = picture[:, ::-1] if position.mirrored else picture
    return np.ascontiguousarray(1 - picture if position.inverted else picture)


@pytest.mark.parametrize("number", range(len(POSITIONS)))
def test_each_position_is_a_reading(number: int) -> None:
    picture = np.random.default_rng(number).random((64, 64)).astype(np.float32)
    read = in_all_positions(gradients(picture))[number]
    np.testing.assert_allclose(read, gradients(put(picture, POSITIONS[number])).ravel(), atol=1e-5)


def test_the_first_position_leaves_a_picture_as_it_is() -> None:
    assert POSITIONS[0] == Position(False, False, False, False)
    assert len(set(POSITIONS)) == 16


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (64, 64)])
def test_any_shape_has_gradients_and_an_even_picture_none(shape: tuple[int, int]) -> None:
    assert not gradients(np.full(shape, 0.5, np.float32)).any()
    assert np.isfinite(gradients(np.random.default_rng(0).random(shape).astype(np.float32))).all()
