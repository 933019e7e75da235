"""Flat pixels: the small picture, row by row."""

import numpy as np

from xray_platform.imaging.features.flat_pixels import PixelsSettings


def test_a_picture_of_the_right_size_is_read_row_by_row() -> None:
    image = np.random.default_rng(0).random((1, 6, 6)).astype(np.float32)
    np.testing.assert_array_equal(PixelsSettings(side=6).compute(image)[0], image.ravel())
    assert PixelsSettings(side=6).names((6, 6))[7] == "pixels_1.1"


def test_a_larger_one_is_averaged() -> None:
    image = np.random.default_rng(0).random((1, 12, 18)).astype(np.float32)
    blocks = image.reshape(6, 2, 6, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(PixelsSettings(side=6).compute(image)[0], blocks.ravel(), atol=1e-6)
