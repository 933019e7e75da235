"""The white frame of a scanned film is told from a white belly or jaw, in every tone and dtype; lungs lie inside."""

import numpy as np
import pytest

from xray_platform.film_frame import without_frame
from xray_platform.lung_fields import find_lungs, match_outline
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom
from xray_platform_tests.dicom.burned_in.drawing import Pixels, framed


@pytest.fixture(scope="module")
def picture() -> Pixels:
    """A made-up chest of 512 pixels, uint8."""
    pixels = render(sample_phantom(np.random.default_rng(3), PhantomSettings(side=512))).pixels
    low, high = np.percentile(pixels, (0.1, 99.9))
    return np.asarray(np.clip((pixels - low) / (high - low) * 255, 0, 255), np.uint8)


def test_a_white_belly_or_jaw_or_a_dark_frame_is_no_white_frame(picture: Pixels) -> None:
    jaw = picture.copy()
    jaw[:30, 60:] = 255
    assert without_frame(jaw) is None
    belly = picture.copy()
    belly[-120:] = 255
    assert without_frame(belly) is None
    assert without_frame(np.pad(picture, 30)) is None
    assert without_frame(np.full((300, 300), 255, np.uint8)) is None, "nothing but white"
    assert without_frame(np.full((2, 300), 7, np.float32)) is None
    assert without_frame(framed(picture)) is not None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
def test_lungs_in_a_framed_film_lie_where_they_lie_without_it(picture: Pixels, dtype: type) -> None:
    film: Pixels = framed(picture, air=30, frame=30).astype(dtype)
    film = film / 255 if dtype is np.float32 else film * dtype(1 if dtype is np.uint8 else 128)
    inside, outside, whole = find_lungs(picture), find_lungs(film), match_outline(film)
    expected = np.array([inside.top + 40, inside.left + 60, inside.bottom + 40, inside.right + 60])
    off, before = (
        np.abs(np.array([one.top, one.left, one.bottom, one.right]) - expected).max() for one in (outside, whole)
    )
    assert off < 40, "of 562 x 632 pixels; the outline is tried in steps of 7 % of the side"
    assert before > 80, "the frame was taken for the chest wall"


def test_what_has_no_frame_is_matched_as_it_is(picture: Pixels) -> None:
    for plain in (picture, np.pad(picture, 40), np.zeros((30, 30), np.uint8)):
        assert find_lungs(plain) == match_outline(plain)


def test_white_that_only_looks_like_a_frame_does_not_cost_the_lungs(picture: Pixels) -> None:
    lungs = match_outline(picture)
    tight = picture[: round(lungs.bottom) - 150].copy()
    tight[:25] = tight[:, :12] = 255
    assert without_frame(tight) is not None
    assert find_lungs(tight).match >= match_outline(tight).match - 0.1
