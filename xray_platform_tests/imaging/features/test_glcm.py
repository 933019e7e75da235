"""GLCM descriptors equal scikit-image's."""

from typing import Any

import numpy as np
import pytest
from skimage import feature

from xray_platform.errors import InputError
from xray_platform.imaging.features.glcm import ANGLES, GlcmSettings

texture: Any = feature  # without types


def test_they_equal_scikit_images() -> None:
    images = np.random.default_rng(0).random((2, 30, 41)).astype(np.float32)
    settings = GlcmSettings(levels=16, distances=3)
    ours = settings.compute(images).reshape(2, *settings.shape((30, 41)))
    for image, descriptors in zip(images, ours, strict=True):
        greys = np.minimum((image * 16).astype(np.uint8), 15)
        for number, distance in enumerate((1, 2, 4)):
            for place, angle in enumerate(ANGLES):
                step = distance if angle in (0, 90) else distance * np.sqrt(2)
                turned = np.radians(-angle)  # theirs turns clockwise
                matrix = texture.graycomatrix(greys, [step], [turned], 16, symmetric=True, normed=True)
                names = ("contrast", "dissimilarity", "homogeneity", "energy", "correlation", "entropy")
                theirs = [texture.graycoprops(matrix, name)[0, 0] for name in names]
                theirs[-1] *= 1 / np.log(2)  # theirs in nats
                np.testing.assert_allclose(descriptors[number, place], theirs, rtol=1e-4)


def test_an_even_picture_is_all_energy_and_no_contrast() -> None:
    settings = GlcmSettings(distances=1)
    row = settings.compute(np.full((1, 8, 8), 0.5, np.float32)).reshape(4, 6)
    np.testing.assert_array_equal(row, np.tile([0, 0, 1, 1, 1, 0], (4, 1)))


def test_stripes_are_seen_across_them_only() -> None:
    stripes = np.tile([0.0, 1.0], (1, 16, 8)).astype(np.float32)
    contrast = GlcmSettings(levels=2, distances=1).compute(stripes).reshape(4, 6)[:, 0]
    assert contrast.tolist() == [1, 1, 0, 1]


def test_a_picture_smaller_than_the_distance_is_refused() -> None:
    with pytest.raises(InputError, match="4 pixels away do not fit"):
        GlcmSettings(distances=3).compute(np.zeros((1, 4, 9), np.float32))
