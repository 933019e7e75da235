"""One-Class SVM: the region that is kept is scikit-learn's own; patches are those that could be cut out."""

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError
from skimage.feature import graycomatrix, graycoprops
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import SGDOneClassSVM
from sklearn.pipeline import make_pipeline
from sklearn.svm import OneClassSVM

from xray_platform.detectors import patch_region
from xray_platform.detectors.one_class_svm import OneClassSvm
from xray_platform.detectors.one_class_svm_settings import OneClassSvmSettings, settings_from_patches
from xray_platform.detectors.patch_features import MORE, WIDTHS, more_features, patch_features, patch_positions
from xray_platform.errors import InputError
from xray_platform.image_stack import Images
from xray_platform.imaging.features.hog import HogSettings
from xray_platform.imaging.store.patch_settings import PatchSettings
from xray_platform.imaging.store.patches import cut
from xray_platform_tests.detectors.chests import chests, with_blob

NORMALS = chests(30, seed=1)
SETTINGS = OneClassSvmSettings(side=64, patch=32, samples=200)


def test_features_are_those_of_patches_cut_out() -> None:
    features = patch_features(NORMALS[:2], 32)
    patches, positions = cut(NORMALS[:2], PatchSettings(side=32, stride=16))
    assert np.array_equal(positions, patch_positions(64, 32))
    assert [part.shape for part in features] == [(2, 9, width) for width in WIDTHS]
    np.testing.assert_allclose(features.intensity[..., 0], patches.mean(axis=(2, 3)), atol=1e-5)
    np.testing.assert_allclose(features.intensity[..., 1], patches.std(axis=(2, 3)), atol=1e-4)
    np.testing.assert_allclose(features.texture.sum(axis=2), 1, atol=1e-5)
    corners = features.position[0][[0, 2, 4, 6, 8]].tolist()
    assert corners == [[-1, -1], [-1, 1], [0, 0], [1, -1], [1, 1]]
    # inside a patch its gradients are those of the picture; at its edge the picture knows more
    inner = HogSettings(cell=16, block=2).compute(np.pad(patches[0], ((0, 0), (0, 0), (0, 0))))
    assert np.corrcoef(inner.ravel(), features.edges[0].ravel())[0, 1] > 0.95


def test_the_region_is_that_of_scikit_learn() -> None:
    detector = OneClassSvm.fit(NORMALS, SETTINGS)
    rng = np.random.default_rng(0)
    patches = rng.normal(0, 0.3, (50, sum(WIDTHS))).astype(np.float32)
    region = detector.region
    scaled = (patches - region.centre) * region.scale
    oracle = OneClassSVM(nu=SETTINGS.nu, gamma=region.gamma)
    features = np.concatenate(patch_features(NORMALS, 32), axis=-1).reshape(-1, sum(WIDTHS))
    chosen = np.sort(np.random.default_rng(SETTINGS.seed).permutation(len(features))[: SETTINGS.samples])
    oracle.fit((features[chosen] - region.centre) * region.scale)
    np.testing.assert_allclose(region.outside(patches), -oracle.decision_function(scaled), rtol=1e-3, atol=1e-3)


def test_by_nystroem_the_region_is_that_of_scikit_learn_as_well() -> None:
    settings = SETTINGS.model_copy(update={"solver": "nystroem", "landmarks": 60})
    region = OneClassSvm.fit(NORMALS, settings).region
    features = _features(NORMALS).reshape(-1, sum(WIDTHS))
    chosen = np.sort(np.random.default_rng(settings.seed).permutation(len(features))[: settings.samples])
    scaled = ((features - region.centre) * region.scale).astype(np.float64)
    oracle = make_pipeline(
        Nystroem(gamma=region.gamma, n_components=60, random_state=0),
        SGDOneClassSVM(nu=settings.nu, random_state=0, max_iter=200, tol=1e-5, average=True),
    ).fit(scaled[chosen])
    assert region.support.shape == (60, sum(WIDTHS))
    np.testing.assert_allclose(region.outside(features), -oracle.decision_function(scaled), atol=1e-3)


@pytest.mark.parametrize("solver", ["exact", "nystroem"])
def test_either_solver_finds_what_was_planted(solver: str) -> None:
    detector = OneClassSvm.fit(NORMALS, SETTINGS.model_copy(update={"solver": solver}))
    others = chests(20, seed=2)
    assert np.median(detector.score(with_blob(others))) > np.quantile(detector.score(others), 0.9)


def test_each_feature_can_be_the_only_one() -> None:
    nothing = {
        f"{name}_weight": 0.0 for name in ("edges", "texture", "intensity", "position", "cooccurrence", "pixels")
    }
    others = chests(20, seed=2)
    for name, said in (
        ("edges", "edges (HOG)"),
        ("texture", "texture (LBP)"),
        ("intensity", "intensity"),
        ("cooccurrence", "co-occurrence of greys (GLCM)"),
        ("pixels", "8 x 8 pixels"),
    ):
        detector = OneClassSvm.fit(
            NORMALS, OneClassSvmSettings(**{**SETTINGS.model_dump(), **nothing, f"{name}_weight": 1.0})
        )
        assert detector.describe()[1] == f"a patch of 32 x 32 px is its {said}"
        assert detector.score(with_blob(others)).mean() > detector.score(others).mean(), name
    with pytest.raises(ValidationError, match="all weights are 0"):
        OneClassSvmSettings(**nothing)
    with pytest.raises(ValidationError, match="patch 36 and pixels_weight do not fit"):
        OneClassSvmSettings(side=72, patch=36, pixels_weight=1)


def test_co_occurrence_and_pixels_are_those_of_each_patch() -> None:
    patches, _ = cut(NORMALS[:2], PatchSettings(side=32, stride=16))
    greys = (graycoprops_of(patches[1, 4]) for _ in range(1))
    found = more_features(NORMALS[:2], 32, "cooccurrence")
    assert found.shape == (2, 9, MORE["cooccurrence"])
    np.testing.assert_allclose(found[1, 4, :2], next(greys), rtol=1e-4)
    small = more_features(NORMALS[:2], 32, "pixels")
    np.testing.assert_allclose(
        small[1, 4], cv2.resize(patches[1, 4], (8, 8), interpolation=cv2.INTER_AREA).ravel(), atol=1e-5
    )


def graycoprops_of(patch: Images) -> list[float]:
    """Return contrast and dissimilarity at distance 1, means over four angles, as scikit-image computes them."""
    greys = np.minimum((patch * 16).astype(np.uint8), 15)
    pairs: Any = graycomatrix(  # type: ignore[no-untyped-call]
        greys, [1], [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4], levels=16, symmetric=True, normed=True
    )
    return [float(graycoprops(pairs, name).mean()) for name in ("contrast", "dissimilarity")]  # type: ignore[no-untyped-call]


def test_about_a_share_nu_of_the_normal_patches_lies_outside() -> None:
    loose, tight = (
        OneClassSvm.fit(NORMALS, SETTINGS.model_copy(update={"nu": nu, "gamma": 0.5})) for nu in (0.05, 0.5)
    )
    features = np.concatenate(patch_features(NORMALS, 32), axis=-1)
    shares = [float((detector.region.outside(features) > 0).mean()) for detector in (loose, tight)]
    assert shares[0] < 0.3
    assert 0.35 < shares[1] < 0.65


@pytest.mark.parametrize("wrong", [{"side": 100, "patch": 32}, {"side": 32, "patch": 64}])
def test_patches_that_do_not_fit_the_side_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match="do not fit; allowed: a side that is a multiple of half the patch"):
        OneClassSvmSettings(**wrong)


def test_the_score_is_the_mean_of_the_oddest_patches_only() -> None:
    detector = OneClassSvm.fit(NORMALS, SETTINGS)
    scores = [
        replace(detector, settings=SETTINGS.model_copy(update={"worst": share})).score(with_blob(NORMALS[:5]))
        for share in (1 / 9, 2 / 9, 1.0)
    ]
    assert (scores[0] > scores[1]).all()
    assert (scores[1] > scores[2]).all()
    assert np.array_equal(detector.score(with_blob(NORMALS[:5])), scores[1]), "0.2 of nine patches are two"


def test_it_works_on_the_windows_that_the_patches_asset_cuts() -> None:
    assert settings_from_patches(224, PatchSettings(side=32, stride=16)) == {"side": 224, "patch": 32}
    assert OneClassSvmSettings(**settings_from_patches(96, PatchSettings(side=24, stride=12))).patch == 24
    for side, other in ((128, {"stride": 32}), (100, {}), (128, {"side": 30, "stride": 15})):
        with pytest.raises(InputError, match=rf"out of {side} px; set either otherwise in `xray.yaml`"):
            settings_from_patches(side, PatchSettings(**other))


def test_centre_and_deviation_are_right_however_many_parts_they_are_summed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    patches = np.random.default_rng(0).normal(1000, 0.1, (5000, 3)).astype(np.float32)
    for at_once in (77, 10_000):
        monkeypatch.setattr(patch_region, "PATCHES_AT_ONCE", at_once)
        centre, deviation = patch_region.centre_and_deviation(patches)
        np.testing.assert_allclose(centre, patches.mean(axis=0, dtype=np.float64), rtol=1e-6)
        np.testing.assert_allclose(deviation, patches.std(axis=0, dtype=np.float64), rtol=1e-3)


def test_a_sample_of_the_normals_says_what_is_usual_of_all_of_them() -> None:
    few = SETTINGS.model_copy(update={"pictures": 12})
    detector = OneClassSvm.fit(NORMALS, few)
    assert detector.normals == len(NORMALS)
    assert detector.usual == pytest.approx(detector.region.outside(_features(NORMALS)).mean(axis=0), abs=1e-5)


def _features(images: Images) -> NDArray[np.float32]:
    return np.concatenate(patch_features(images, SETTINGS.patch), axis=-1)
