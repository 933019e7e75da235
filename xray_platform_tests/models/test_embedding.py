"""What models see in an image can be compared: of length one, whoever is beside it, and by the image's form."""

import numpy as np
import pytest

from xray_platform.detectors.pca_residual import PcaResidual, PcaResidualSettings
from xray_platform.models.embedding import embed
from xray_platform_tests.serving.bundles import SIDE, network, smooth_images


def _detector() -> PcaResidual:
    return PcaResidual.fit(smooth_images(20), PcaResidualSettings(side=SIDE))


@pytest.mark.parametrize("model", [network(), _detector()], ids=["network", "detector"])
def test_an_image_has_the_same_embedding_whoever_is_beside_it(model: object) -> None:
    images = smooth_images(6, 3)
    together = embed(model, images)  # type: ignore[arg-type]
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(embed(model, images[2:3])[0], together[2], atol=1e-5)  # type: ignore[arg-type]


@pytest.mark.parametrize("model", [network(), _detector()], ids=["network", "detector"])
def test_an_image_that_lies_on_its_side_or_is_inverted_is_far_from_itself(model: object) -> None:
    image = smooth_images(1) * 0.5 + 0.5 * (np.mgrid[0:SIDE, 0:SIDE][0] < SIDE // 3)
    image = image.astype(np.float32)
    others = np.concatenate([image, image * 0.8 + 0.1, np.rot90(image, 1, (1, 2)), 1 - image])
    seen = embed(model, others)  # type: ignore[arg-type]
    apart = np.linalg.norm(seen - seen[0], axis=1)
    assert apart[1] < 0.2 < apart[2]
    assert apart[1] < 0.2 < apart[3]


def test_a_flat_image_has_an_embedding_too() -> None:
    assert np.isfinite(embed(_detector(), np.full((1, SIDE, SIDE), 0.5, np.float32))).all()
