"""PCA residual: small ranks, residuals in units of what is usual."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from xray_platform.detectors.pca_residual import PcaResidual, PcaResidualSettings
from xray_platform.image_stack import Images
from xray_platform_tests.detectors.chests import chests, with_blob

NORMALS = chests(60, seed=1)
OTHERS = chests(100, seed=2)


def auroc(detector: PcaResidual, strength: float) -> float:
    normal, abnormal = detector.score(OTHERS), detector.score(with_blob(OTHERS, strength))
    return float(np.mean(abnormal[:, None] > normal[None]))


def test_a_normal_picture_scores_about_one() -> None:
    detector = PcaResidual.fit(NORMALS, PcaResidualSettings(floor=1e-3))
    assert 0.7 < float(np.median(detector.score(OTHERS))) < 1.6


def test_reading_the_residual_in_units_of_what_is_usual_finds_fainter_blobs() -> None:
    weighed = PcaResidual.fit(NORMALS, PcaResidualSettings(rank=0, blur=0))
    plain = PcaResidual.fit(NORMALS, PcaResidualSettings(rank=0, blur=0, floor=10))  # the floor drowns the units
    assert auroc(weighed, 0.15) > auroc(plain, 0.15) + 0.05


def test_on_real_chests_a_small_rank_and_smoothing_win(shared_data: Path) -> None:
    manifest = pd.read_csv(shared_data / "kermany" / "manifest.csv").sample(frac=1, random_state=0).groupby("class")
    normal, abnormal = (
        _real(shared_data / "kermany", manifest.get_group(name)["file"].head(count))
        for name, count in (("NORMAL", 300), ("PNEUMONIA", 100))
    )

    def auroc_of(**changes: float) -> float:
        detector = PcaResidual.fit(normal[:200], PcaResidualSettings(**changes))
        return float(np.mean(detector.score(abnormal)[:, None] > detector.score(normal[200:])[None]))

    assert auroc_of() > 0.88
    assert auroc_of() > auroc_of(rank=50) + 0.01
    assert auroc_of() > auroc_of(blur=0) + 0.05


def _real(folder: Path, files: pd.Series) -> Images:
    return np.stack([_windowed(folder / file) for file in files])


def _windowed(file: Path) -> NDArray[np.float32]:
    pixels = np.asarray(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE))
    low, high = np.percentile(pixels, (0.5, 99.5))
    windowed = np.clip((pixels.astype(np.float32) - low) / (high - low), 0, 1)
    return np.asarray(cv2.resize(windowed, (64, 64), interpolation=cv2.INTER_AREA), np.float32)


@pytest.mark.parametrize(("normals", "rank"), [(60, 12), (20, 5), (3, 0)])
def test_the_rank_follows_the_number_of_normals(normals: int, rank: int) -> None:
    detector = PcaResidual.fit(NORMALS[:normals], PcaResidualSettings())
    assert detector.components.shape == (rank, 64 * 64)
    np.testing.assert_allclose(detector.components @ detector.components.T, np.eye(rank), atol=1e-4)
    assert f"explains {rank} main ways" in detector.describe()[1]


def test_what_the_components_explain_is_not_abnormal() -> None:
    detector = PcaResidual.fit(NORMALS, PcaResidualSettings(blur=0))
    small = detector.mean + 0.5 * detector.components[0] * np.sign(detector.components[0].sum())
    picture = np.clip(small, 0, 1).reshape(1, 64, 64).astype(np.float32)
    assert detector.score(picture)[0] < float(np.median(detector.score(OTHERS)))
