"""HOG equals scikit-image's."""

import numpy as np
import pytest
from skimage.feature import hog

from xray_platform.errors import InputError
from xray_platform.imaging.features.hog import HogSettings


@pytest.mark.parametrize(("orientations", "cell", "block"), [(9, 8, 2), (6, 16, 1), (4, 5, 3)])
def test_it_equals_scikit_image(orientations: int, cell: int, block: int) -> None:
    images = np.random.default_rng(0).random((3, 50, 67)).astype(np.float32)
    settings = HogSettings(orientations=orientations, cell=cell, block=block)
    ours = settings.compute(images)
    for image, row in zip(images, ours, strict=True):
        theirs = hog(image, orientations, (cell, cell), (block, block), "L2-Hys", feature_vector=True)
        np.testing.assert_allclose(row, theirs, atol=2e-5)
    assert ours.shape[1] == len(settings.names((50, 67)))


def test_a_picture_too_small_for_its_cells_is_refused() -> None:
    with pytest.raises(InputError, match="do not fit"):
        HogSettings(cell=16, block=2).compute(np.zeros((1, 20, 20), np.float32))


def test_without_settings_it_is_that_of_nine_directions_in_cells_of_16_and_blocks_of_2() -> None:
    image = np.random.default_rng(0).random((1, 64, 48)).astype(np.float32)
    theirs = hog(image[0], 9, (16, 16), (2, 2), "L2-Hys", feature_vector=True)
    np.testing.assert_allclose(HogSettings().compute(image)[0], theirs, atol=2e-5)
