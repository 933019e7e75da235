"""Crops: whatever its angle and size, a candidate comes to the verifier level, of one height, in the middle."""

import cv2
import numpy as np
import pytest

from xray_platform.dicom.burned_in.crops import HIGH, LAYERS, WIDE, Cropper, Crops
from xray_platform.dicom.burned_in.network import CHANNELS, STRIDE, Seen

SIDE = 480


def crop_bar(length: float, height: float, degrees: float, middle: tuple[float, float] = (240.0, 240.0)) -> Crops:
    """Crop out a white bar, which the detector takes for writing, of a grey picture."""
    box = cv2.boxPoints((middle, (length, height), degrees))
    grey, cells = np.full((SIDE, SIDE), 90, np.uint8), np.zeros((SIDE // STRIDE, SIDE // STRIDE), np.uint8)
    cv2.fillPoly(grey, [np.round(box).astype(np.int32)], (255,))
    cv2.fillPoly(cells, [np.round((box - 1.5) / STRIDE).astype(np.int32)], (1,))
    probabilities = np.zeros((len(CHANNELS), *cells.shape), np.float32)
    probabilities[0] = cells
    return Cropper(Seen(probabilities, float(STRIDE), grey)).crop(cells > 0)


@pytest.mark.parametrize("degrees", [0, 20, 45, 90, 135])
@pytest.mark.parametrize("height", [16, 32, 48])
def test_a_bar_at_any_angle_is_laid_level_in_the_middle(degrees: float, height: float) -> None:
    (crop,) = crop_bar(3 * height, height, degrees)
    assert crop.shape == (LAYERS, HIGH, WIDE)
    white = crop[0] > 200
    down, across = np.nonzero(white)
    assert (down.mean(), across.mean()) == pytest.approx(((HIGH - 1) / 2, (WIDE - 1) / 2), abs=2)
    assert np.ptp(down) < 0.7 * HIGH < np.ptp(across)
    assert (crop[1] > 128)[white].mean() > 0.8, "the probabilities lie over what they are about"


def test_a_long_line_is_cut_several_times_along_it() -> None:
    crops = crop_bar(400, 16, 30)
    assert len(crops) == 3
    assert all(crop[0, HIGH // 2, [20, 48, 76]].min() > 200 for crop in crops)


def test_what_lies_beyond_the_picture_is_black() -> None:
    (crop,) = crop_bar(80, 32, 0, (40, 16))
    assert crop[0, :8].max() == 0
    assert crop[3, :18].max() == 0


def test_the_surroundings_show_more_than_the_cut() -> None:
    (crop,) = crop_bar(96, 32, 0)
    assert (crop[3] > 200).sum() == pytest.approx((crop[0] > 200).sum() / 2.5**2, rel=0.2)


def test_letters_are_not_enlarged_without_end() -> None:
    (crop,) = crop_bar(16, 5, 0)
    assert (crop[0] > 200).any(0).sum() <= 2 * 17 + 2
