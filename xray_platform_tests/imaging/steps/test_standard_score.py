"""Standard scores and the ranges that networks ask for."""

import numpy as np
import pytest

from xray_platform.errors import DataError
from xray_platform.imaging.steps.imagenet import ImagenetSettings
from xray_platform.imaging.steps.scale import ByteSettings, UnitSettings
from xray_platform.imaging.steps.standard_score import PictureScoreSettings, fit_normal_score
from xray_platform_tests.imaging.tiny_store import soft_picture

PICTURE = soft_picture(0, top=65535)


def test_a_pictures_own_score_has_mean_0_and_deviation_1() -> None:
    scores = PictureScoreSettings().apply(PICTURE)
    assert scores.mean() == pytest.approx(0, abs=1e-4)
    assert scores.std() == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(scores, PictureScoreSettings().apply(UnitSettings().apply(PICTURE)), atol=1e-5)


def test_the_normal_pictures_score_is_fitted_on_all_of_them() -> None:
    normal = np.stack([UnitSettings().apply(soft_picture(seed, top=65535)) for seed in range(5)])
    step = fit_normal_score(normal)
    scores = np.stack([step.apply(picture) for picture in normal])
    assert scores.mean() == pytest.approx(0, abs=1e-4)
    assert scores.std() == pytest.approx(1, abs=1e-4)
    assert f"{normal.mean(dtype=np.float64):.4g}" in step.describe()


def test_nothing_and_one_grey_cannot_be_fitted() -> None:
    with pytest.raises(DataError, match="at least one"):
        fit_normal_score(np.empty((0, 8, 8), np.float32))
    with pytest.raises(DataError, match="must differ"):
        fit_normal_score(np.full((3, 8, 8), 0.25, np.float32))


def test_borrowed_networks_get_three_channels_with_imagenets_statistics() -> None:
    scores = ImagenetSettings().apply(PICTURE)
    assert scores.shape == (3, *PICTURE.shape)
    back = scores * np.array([0.229, 0.224, 0.225])[:, None, None] + np.array([0.485, 0.456, 0.406])[:, None, None]
    np.testing.assert_allclose(back, np.broadcast_to(PICTURE / 65535, back.shape), atol=1e-5)


def test_bytes_and_units_are_the_same_greys() -> None:
    small = ByteSettings().apply(PICTURE)
    assert np.abs(small / 255 - PICTURE / 65535).max() <= 0.5 / 255 + 1e-6
    np.testing.assert_array_equal(ByteSettings().apply(UnitSettings().apply(small)), small)
