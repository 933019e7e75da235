"""Tone curves: exact in 16 bits, equal to scikit-image where it has the same."""

import numpy as np
from skimage import exposure

from xray_platform.imaging.steps.min_max import MinMaxSettings
from xray_platform.imaging.steps.quantise import QuantiseSettings
from xray_platform.imaging.steps.tone import EqualiseSettings, GammaSettings, LinearSettings
from xray_platform_tests.imaging.tiny_store import soft_picture

RAMP = np.arange(65536, dtype=np.uint16).reshape(256, 256)


def test_gamma_equals_scikit_images_and_one_changes_nothing() -> None:
    expected = exposure.adjust_gamma(RAMP / 65535, 1.7)  # type: ignore[no-untyped-call]
    np.testing.assert_allclose(GammaSettings(gamma=1.7).apply(RAMP) / 65535, expected, atol=1e-5)
    np.testing.assert_array_equal(GammaSettings(gamma=1).apply(RAMP), RAMP)


def test_linear_contrast_turns_about_the_middle_grey() -> None:
    out = LinearSettings(gain=2, offset=0.1).apply(RAMP).ravel()
    assert out[32767] == out[32768] - 2
    assert abs(int(out[32768]) - 39322) <= 1
    assert out[0] == 0
    assert out[65535] == 65535
    np.testing.assert_array_equal(LinearSettings().apply(RAMP), RAMP)


def test_equalised_levels_are_equally_frequent() -> None:
    picture = soft_picture(0, 200, 200, 4095)
    shares = np.histogram(EqualiseSettings().apply(picture), 8, (0, 65536))[0] / picture.size
    assert np.abs(shares - 1 / 8).max() < 0.01
    assert np.histogram(picture, 8, (0, 4096))[0].max() / picture.size > 0.2


def test_equalising_leaves_a_black_frame_out_of_the_count() -> None:
    picture = soft_picture(1, 100, 100, 4094) + np.uint16(1)
    framed = np.pad(picture, 40)
    inside = EqualiseSettings().apply(framed)[40:-40, 40:-40]
    np.testing.assert_array_equal(inside, EqualiseSettings().apply(picture))
    assert (EqualiseSettings().apply(framed)[:40] == 0).all()
    assert not (EqualiseSettings(ignore_black=False).apply(framed)[40:-40, 40:-40] == inside).all()


def test_min_max_spreads_from_the_darkest_to_the_brightest() -> None:
    out = MinMaxSettings().apply(soft_picture(2) + np.uint16(300))
    assert (out.min(), out.max()) == (0, 65535)


def test_eight_bits_keep_256_levels_and_sixteen_all() -> None:
    out = QuantiseSettings(bits=8).apply(RAMP)
    assert np.unique(out).tolist() == [257 * level for level in range(256)]
    assert np.abs(out.astype(int) - RAMP).max() <= 129
    np.testing.assert_array_equal(QuantiseSettings(bits=16).apply(RAMP), RAMP)
    assert np.unique(QuantiseSettings(bits=1).apply(RAMP)).tolist() == [0, 65535]
