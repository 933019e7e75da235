"""CLAHE: what OpenCV does in 8 bits, in 16, for any picture size."""

import cv2
import numpy as np
import pytest

from xray_platform.imaging.pixel_range import Pixels
from xray_platform.imaging.steps.clahe import ClaheSettings
from xray_platform_tests.imaging.tiny_store import soft_picture


@pytest.mark.parametrize("clip_limit", [1.0, 2.0, 8.0])
def test_its_picture_is_opencvs_of_8_bits(clip_limit: float) -> None:
    picture = soft_picture(3, 640, 640, 65535)  # on small tiles OpenCV's clipping of whole counts shows
    ours = ClaheSettings(clip_limit=clip_limit).apply(picture)
    theirs = cv2.createCLAHE(clip_limit, (8, 8)).apply((picture >> 8).astype(np.uint8))
    difference = np.abs(ours / 65535 - theirs / 255)
    assert np.median(difference) < 0.015
    assert np.percentile(difference, 99) < 0.05


def test_it_keeps_the_levels_of_twelve_bits() -> None:
    levels = np.random.default_rng(0).permutation((np.arange(4096).repeat(64) * 16).astype(np.uint16))
    out = ClaheSettings().apply(levels.reshape(512, 512))
    assert len(np.unique(out)) > 4000


def local_contrast(picture: Pixels) -> float:
    """The deviation from the surroundings, a sixteenth of the picture wide."""
    real = picture.astype(np.float32)
    return float((real - cv2.blur(real, (len(picture) // 16,) * 2)).std())


def test_it_raises_local_contrast_alike_for_every_picture_size() -> None:
    small = soft_picture(4, 128, 128, 65535) // 4 + np.uint16(20000)
    large = cv2.resize(small, (512, 512), interpolation=cv2.INTER_NEAREST)
    gains = [local_contrast(ClaheSettings().apply(picture)) / local_contrast(picture) for picture in (small, large)]
    assert gains[0] > 1.5
    assert gains[0] == pytest.approx(gains[1], rel=0.1)  # OpenCV in 16 bits: 17.5 and 2.1


def test_a_higher_clip_limit_raises_it_more() -> None:
    picture = soft_picture(5, 160, 160, 65535) // 4
    contrasts = [local_contrast(ClaheSettings(clip_limit=limit).apply(picture)) for limit in (1, 2, 4, 8)]
    assert contrasts == sorted(contrasts)
    assert contrasts[-1] > 2 * contrasts[0]
