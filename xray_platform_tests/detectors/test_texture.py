"""Texture detectors: they hold where a frame is squeezed; what is kept of the normal pictures is bounded."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from xray_platform.bench.judged_detector import squeezed
from xray_platform.detectors.all import DETECTORS
from xray_platform.detectors.contract import Detector
from xray_platform.detectors.one_class_svm import OneClassSvm
from xray_platform.detectors.one_class_svm_settings import OneClassSvmSettings
from xray_platform.detectors.patch_distance import PatchDistance, PatchDistanceSettings
from xray_platform.detectors.reframed import ReframingSettings, reframed
from xray_platform.image_stack import Images
from xray_platform_tests.detectors.chests import SIDE, chests, with_blob

NORMALS, OTHERS = chests(60, seed=1), chests(40, seed=2)
SMALL = {"side": 64, "cell": 8}


@pytest.fixture(scope="module")
def real(shared_data: Path) -> tuple[Images, Images]:
    """300 normal and 100 abnormal chests, 224 px, in random order."""
    rows = pd.read_csv(shared_data / "kermany" / "manifest.csv").sample(frac=1, random_state=0).groupby("class")
    normal, abnormal = (
        np.stack([_read(shared_data / "kermany" / file) for file in rows.get_group(name)["file"].head(count)])
        for name, count in (("NORMAL", 300), ("PNEUMONIA", 100))
    )
    return normal, abnormal


def _read(file: Path) -> Images:
    pixels = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    return np.asarray(np.asarray(pixels) / 255, np.float32)


@pytest.mark.parametrize("name", ["texture_gaussian", "patch_distance"])
def test_real_findings_are_told_from_normal_chests_that_are_squeezed(name: str, real: tuple[Images, Images]) -> None:
    normal, abnormal = real

    def auroc(detector: Detector, judged: Images) -> float:
        return float(np.mean(detector.score(abnormal)[:, None] > detector.score(judged)[None]))

    detector = DETECTORS[name].fit(normal[:200], DETECTORS[name].settings())
    held_out = normal[200:]
    assert auroc(detector, held_out) > 0.9
    narrow = np.stack([squeezed(image) for image in held_out])
    pca = DETECTORS["pca_residual"].fit(normal[:200], DETECTORS["pca_residual"].settings())
    assert auroc(detector, narrow) > 0.85
    assert auroc(detector, narrow) > auroc(pca, narrow) + 0.1


def test_the_memory_is_bounded_however_many_normal_pictures_there_are() -> None:
    detector = PatchDistance.fit(NORMALS, PatchDistanceSettings(**SMALL, memory=10))
    assert detector.bank.shape[:3] == (4, 4, 10)
    assert detector.usual.shape == (4, 4)


def test_a_chest_that_sits_a_cell_further_is_less_odd_where_places_beside_count() -> None:
    moved = np.roll(OTHERS, 8, axis=1)
    alone, beside = (
        PatchDistance.fit(NORMALS, PatchDistanceSettings(**SMALL, reach=reach)).score(moved).mean() for reach in (0, 1)
    )
    assert beside < alone


def test_reframed_copies_make_a_moved_chest_less_odd() -> None:
    kind = DETECTORS["texture_gaussian"]
    settings = [kind.settings.model_validate({**SMALL, "copies": copies}) for copies in (0, 2)]
    moved = reframed(OTHERS, ReframingSettings(), np.random.default_rng(5))
    odd = [
        (detector := kind.fit(NORMALS, each)).score(moved).mean() / detector.score(OTHERS).mean() for each in settings
    ]
    assert odd[1] < odd[0]


def test_pictures_are_reframed_by_the_seed_and_stay_pictures() -> None:
    one, again, other = (reframed(NORMALS[:5], ReframingSettings(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert one.shape == (5, SIDE, SIDE)
    assert one.min() >= 0
    assert one.max() <= 1
    still = reframed(NORMALS[:5], ReframingSettings(play=0), np.random.default_rng(1))
    np.testing.assert_allclose(still, NORMALS[:5], atol=1e-5)


def test_white_pictures_that_are_made_smaller_stay_white_for_the_svm() -> None:
    """An average of ones over an area may come out a rounding error above one."""
    large = np.ones((6, 224, 224), np.float32)
    large[:, 60:160, 60:160] = np.random.default_rng(0).random((6, 100, 100), np.float32)
    detector = OneClassSvm.fit(large, OneClassSvmSettings(samples=50))
    assert np.isfinite(detector.score(with_blob(chests(2, 1)).repeat(4, 1).repeat(4, 2)[:, :224, :224])).all()
