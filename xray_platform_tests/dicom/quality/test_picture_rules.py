"""Picture rules: a decoded picture that nobody could use is told."""

import imagecodecs
import numpy as np
import pytest

from xray_platform.dicom.quality.examination import examine_bytes
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform_tests.dicom import made
from xray_platform_tests.dicom.quality.cases import file, grey8, half


def test_padding_is_left_out_of_what_counts_as_saturated() -> None:
    padded = half(0)
    plain, stated = (file(padded, PixelPaddingValue=value) for value in (None, 0))
    assert "Q061" in {finding.rule for finding in examine_bytes(plain).findings}
    assert "Q061" not in {finding.rule for finding in examine_bytes(stated).findings}


@pytest.mark.parametrize(("shape", "wrong"), [((520, 1030), False), ((520, 1060), True), ((1060, 520), True)])
def test_a_picture_may_be_twice_as_wide_as_high_and_no_more(shape: tuple[int, int], wrong: bool) -> None:
    rules = {finding.rule for finding in examine_bytes(file(made.chest(*shape))).findings}
    assert ("Q062" in rules) is wrong


def test_thresholds_are_settings() -> None:
    data = file(made.chest(256, 256))
    assert "Q063" not in {f.rule for f in examine_bytes(data, QualitySettings(small_side=256)).findings}


def test_stills_are_held_to_the_same() -> None:
    blank = np.full((600, 600), 90, np.uint8)
    assert examine_bytes(bytes(imagecodecs.png_encode(blank))).decision == "reject"
    assert examine_bytes(bytes(imagecodecs.png_encode(grey8()))).findings == ()
