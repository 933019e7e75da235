import numpy as np
import pytest

from xray_platform.imaging.repair.sliding_dct import denoise_dct
from xray_platform_tests.imaging.repair.chest import chest, error, noisy


def test_noise_goes_and_the_picture_stays() -> None:
    picture = (chest() // 2 + 60).astype(np.uint8)
    dirty = noisy(picture, 15).astype(np.float32)
    assert error(denoise_dct(dirty, 15.0), picture) < 0.4 * error(dirty, picture)


@pytest.mark.parametrize("shape", [(1, 40), (8, 8), (9, 200), (300, 11)])
def test_any_shape_keeps_its_shape_and_mean(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).normal(100, 10, shape).astype(np.float32)
    clean = denoise_dct(picture, 10.0)
    assert clean.shape == shape
    assert clean.mean() == pytest.approx(picture.mean(), abs=3)


def test_a_constant_picture_and_no_noise_change_nothing() -> None:
    flat = np.full((40, 40), 77.0, np.float32)
    assert denoise_dct(flat, 20.0) == pytest.approx(flat, abs=1e-3)
    picture = chest().astype(np.float32)
    assert denoise_dct(picture, 0.0) is picture


def test_strips_join_without_a_seam() -> None:
    tall = np.tile(chest()[:, :40].astype(np.float32), (3, 1))
    whole = denoise_dct(tall, 12.0)
    assert denoise_dct(tall[60:300], 12.0)[40:-40] == pytest.approx(whole[100:260], abs=1e-3)
