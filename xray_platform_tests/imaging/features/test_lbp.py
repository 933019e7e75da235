"""LBP equals scikit-image's away from the border, and ignores brightness."""

import numpy as np
import pytest
from skimage.feature import local_binary_pattern

from xray_platform.imaging.features.lbp import CODES, LbpSettings


@pytest.mark.parametrize("radius", [1.0, 2.0, 3.5])
def test_its_patterns_part_pixels_as_scikit_image_does(radius: float) -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 50))
    theirs = local_binary_pattern(image, 8, radius, "nri_uniform")  # type: ignore[no-untyped-call]
    ours = LbpSettings(radius=radius).codes(image[None].astype(np.float32))[0]
    inside = (slice(5, -5), slice(5, -5))
    pairs = set(zip(ours[inside].ravel().tolist(), theirs[inside].ravel().tolist(), strict=True))
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})  # one name each, one to one
    assert CODES == 59


def test_it_counts_shares_in_cells() -> None:
    images = np.random.default_rng(1).random((2, 33, 41)).astype(np.float32)
    rows = LbpSettings(grid=3).compute(images)
    assert rows.shape == (2, len(LbpSettings(grid=3).names((33, 41))))
    np.testing.assert_allclose(rows.reshape(2, 9, CODES).sum(axis=2), 1, rtol=1e-5)


def test_brightness_and_contrast_change_nothing() -> None:
    images = np.random.default_rng(2).integers(0, 64, (1, 30, 30)) / 128
    before, after = (LbpSettings().compute(i.astype(np.float32)) for i in (images, images * 1.5 + 0.125))
    np.testing.assert_array_equal(before, after)
