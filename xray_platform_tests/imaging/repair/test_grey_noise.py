from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from xray_platform.imaging.repair.channels import ChannelNoise, measure_noise
from xray_platform.imaging.repair.grey_noise import Denoiser, remove_gaussian, remove_impulses, remove_speckle
from xray_platform_tests.imaging.repair.chest import chest, error, noisy, thrown

EVERYWHERE = np.ones((160, 160), bool)


def measured(grey: NDArray[Any]) -> ChannelNoise:
    return measure_noise(grey[..., None], EVERYWHERE)[0]


@pytest.mark.parametrize("share", [0.02, 0.1, 0.2])
def test_impulses_go_and_untouched_pixels_stay(share: float) -> None:
    dirty = thrown(chest(), share).astype(np.float32)
    clean = remove_impulses(dirty, EVERYWHERE)
    untouched = dirty == chest()
    assert error(clean, chest()) < 0.25 * error(dirty, chest())
    assert (clean[untouched] == dirty[untouched]).mean() > 0.99


@pytest.mark.parametrize("denoiser", ["dct", "non_local_means"])
def test_gaussian_noise_is_halved_at_least(denoiser: Denoiser) -> None:
    picture = (chest() // 2 + 60).astype(np.uint8)
    dirty = noisy(picture, 18).astype(np.float32)
    assert error(remove_gaussian(dirty, measured(dirty), denoiser), picture) < 0.5 * error(dirty, picture)


@pytest.mark.parametrize("denoiser", ["dct", "non_local_means"])
def test_speckle_is_halved_at_least(denoiser: Denoiser) -> None:
    picture = np.clip(chest().astype(float), 20, 200)
    noise = np.random.default_rng(0).standard_normal(picture.shape)
    dirty = np.clip(picture * (1 + 0.12 * noise), 0, 255).astype(np.float32)
    assert error(remove_speckle(dirty, measured(dirty), denoiser), picture) < 0.6 * error(dirty, picture)
