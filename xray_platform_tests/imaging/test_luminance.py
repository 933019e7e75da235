"""Luminance: contrast of a colour picture changes, its hues do not."""

import cv2
import numpy as np
import pytest

from xray_platform.errors import InputError
from xray_platform.imaging.luminance import change_luminance
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.imaging.steps.clahe import ClaheSettings
from xray_platform.imaging.steps.resize import ResizeSettings
from xray_platform.imaging.steps.tone import GammaSettings
from xray_platform_tests.imaging.tiny_store import soft_picture


def colours(kind: str, top: int) -> Pixels:
    """A smooth, weakly coloured picture whose changes stay inside the colour cube."""
    grey = soft_picture(0, 90, 80, 1000) / 1000
    picture: Pixels = (np.stack([0.3 + 0.3 * grey, 0.3 + 0.25 * grey, 0.35 + 0.2 * grey], axis=2) * top).astype(kind)
    return picture


@pytest.mark.parametrize(("kind", "top"), [("uint8", 255), ("uint16", 65535)])
def test_only_the_luminance_changes(kind: str, top: int) -> None:
    before = colours(kind, top)
    after = change_luminance(before, ClaheSettings(clip_limit=8))
    assert after.dtype == before.dtype
    old, new = (cv2.cvtColor((c / top).astype(np.float32), cv2.COLOR_RGB2YCrCb) for c in (before, after))
    assert np.abs(new[..., 0] - old[..., 0]).mean() > 0.02
    np.testing.assert_allclose(new[..., 1:], old[..., 1:], atol=0.012 if kind == "uint8" else 1e-3)


def test_a_step_without_effect_gives_the_picture_back() -> None:
    picture = colours("uint8", 255)
    assert np.abs(change_luminance(picture, GammaSettings()).astype(int) - picture).max() <= 1


def test_grey_pictures_and_steps_that_change_the_size_are_refused() -> None:
    with pytest.raises(InputError, match="a colour picture is"):
        change_luminance(soft_picture(0), ClaheSettings())
    with pytest.raises(InputError, match="must keep its form"):
        change_luminance(colours("uint8", 255), ResizeSettings(rows=8, columns=8))
