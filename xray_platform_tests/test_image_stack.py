"""Pictures that a model cannot take are refused where they enter, with what was found and what is allowed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from xray_platform.errors import InputError
from xray_platform.image_stack import batch_slices, check_images

GREY = np.full((2, 8, 8), 0.5, np.float32)


def with_one(value: float) -> NDArray[np.float32]:
    changed = GREY.copy()
    changed[1, 3, 3] = value
    return changed


@pytest.mark.parametrize(
    ("images", "text"),
    [
        (GREY[0], r"shape \(8, 8\); a stack of squares \(N, S, S\) is wanted"),
        (GREY[:, :5], "a stack of squares"),
        (GREY[:, :4, :4], "4 px; this model was made with 8 px"),
        ((GREY * 255).astype(np.uint8), "type uint8; floating-point numbers"),
        (with_one(np.nan), "no numbers"),
        (with_one(np.inf), "no numbers"),
        (GREY * 255, "values from 127.5 to 127.5"),
        (with_one(-0.5), "values from -0.5 to 0.5"),
    ],
)
def test_what_is_no_picture_is_refused(images: NDArray[np.float32], text: str) -> None:
    with pytest.raises(InputError, match=text):
        check_images(images, side=8)


def test_pictures_too_small_for_a_network_are_refused() -> None:
    with pytest.raises(InputError, match="8 px; at least 32 px"):
        check_images(GREY, smallest=32)


def test_good_pictures_pass_as_they_are_and_none_is_no_error() -> None:
    assert check_images(GREY) is GREY
    assert check_images(GREY.astype(np.float64)).dtype == np.float32
    assert check_images(GREY[:0]).shape == (0, 8, 8)


@given(st.integers(0, 200), st.integers(1, 70))
def test_chunks_cover_every_picture_once(count: int, size: int) -> None:
    images = np.arange(count, dtype=np.float32)
    parts = [images[part] for part in batch_slices(images, size)]
    assert all(0 < len(part) <= size for part in parts)
    assert np.concatenate([*parts, images[:0]]).tolist() == images.tolist()
