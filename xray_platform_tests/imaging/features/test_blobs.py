"""Blobs: responses equal scipy's; a spot is seen best at its own size and sign."""

import numpy as np
import pytest
from scipy import ndimage

from xray_platform.imaging.features.blobs import BlobSettings


def test_responses_equal_scipys() -> None:
    image = np.random.default_rng(0).random((60, 50)).astype(np.float32)
    for scale, response in enumerate(BlobSettings(scales=3).responses(image)):
        sigma = 2**scale
        theirs = ndimage.gaussian_laplace(image.astype(np.float64), sigma, mode="nearest") * sigma**2
        np.testing.assert_allclose(response, theirs, atol=2e-3)


@pytest.mark.parametrize("scale", [1, 2, 3])
@pytest.mark.parametrize("bright", [True, False])
def test_a_spot_is_seen_at_its_own_size_and_sign(scale: int, bright: bool) -> None:
    y, x = np.mgrid[-48:48, -48:48]
    spot = (np.hypot(y, x) < np.sqrt(2) * 2**scale).astype(np.float32)
    settings = BlobSettings(scales=4, grid=1)
    responses = settings.responses(spot if bright else 1 - spot)[:, 48, 48]
    assert int(np.abs(responses).argmax()) == scale
    assert (responses[scale] < 0) == bright
    means = settings.compute((spot if bright else 1 - spot)[None]).reshape(4, 2)[scale]
    assert np.isfinite(means).all()


def test_an_even_picture_has_no_spots() -> None:
    assert np.abs(BlobSettings().compute(np.full((1, 40, 40), 0.6, np.float32))).max() < 1e-5
