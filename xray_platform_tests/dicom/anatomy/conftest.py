"""Chests to look at: phantoms, which the weights were not learnt from, small and with dense tissue bright."""

from collections.abc import Sequence

import numpy as np
import pytest

from xray_platform.dicom.pixels.thumbnail import Thumbnail
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom


@pytest.fixture(scope="session")
def chests() -> Sequence[Thumbnail]:
    return [chest(seed) for seed in range(60)]


def chest(seed: int) -> Thumbnail:
    pixels = render(sample_phantom(np.random.default_rng(seed), PhantomSettings(side=160))).pixels
    low, high = np.percentile(pixels, (0.5, 99.5))
    return np.asarray(np.clip((pixels - low) / (high - low), 0, 1), np.float32)
