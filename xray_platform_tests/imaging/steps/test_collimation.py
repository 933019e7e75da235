"""Collimation: even borders go, exposed field and sound pictures stay."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_platform.imaging.crop_box import CropBox
from xray_platform.imaging.steps.collimation import CollimationSettings
from xray_platform_tests.imaging.chest import draw_chest

widths = st.integers(0, 90)
CHEST, _ = draw_chest(300, 280)
CHEST = CHEST[40:290, 25:255]  # filled to the edge, as an exposed field is


@settings(max_examples=40)
@given(top=widths, bottom=widths, left=widths, right=widths, level=st.sampled_from([0, 65535]), noise=st.booleans())
def test_a_border_around_the_exposed_field_is_cropped(
    top: int, bottom: int, left: int, right: int, level: int, noise: bool
) -> None:
    picture = np.pad(CHEST, ((top, bottom), (left, right)), constant_values=level)
    if noise:
        grain = np.random.default_rng(top).normal(0, 300, picture.shape)
        picture = np.clip(picture + grain, 0, 65535).astype(np.uint16)
    box = CropBox.of(CollimationSettings().find(picture))
    expected = np.array([top, left, top + CHEST.shape[0], left + CHEST.shape[1]])
    assert np.abs(np.array([box.top, box.left, box.bottom, box.right]) - expected).max() <= 5


def test_a_picture_without_borders_stays_whole() -> None:
    np.testing.assert_array_equal(CollimationSettings().apply(CHEST), CHEST)


def test_a_border_that_is_too_wide_is_left_alone() -> None:
    picture = np.pad(CHEST, ((300, 0), (0, 0)))
    assert CollimationSettings(most=0.35).apply(picture).shape == picture.shape
    assert abs(CollimationSettings(most=0.49).apply(np.pad(CHEST, ((200, 0), (0, 0)))).shape[0] - 250) <= 3


def test_letters_on_a_border_do_not_keep_it() -> None:
    picture = np.pad(CHEST, 60)
    picture[20:40, 150:170] = 65535
    box = CropBox.of(CollimationSettings().find(picture))
    assert box.top == pytest.approx(60, abs=3)


def test_the_same_box_is_cut_from_a_mask() -> None:
    picture = np.pad(CHEST, 30)
    mask = (picture > 0).astype(np.uint16)
    step = CollimationSettings()
    assert step.run(mask, step.find(picture)).mean() > 0.97
