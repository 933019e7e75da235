"""An ensemble joins models that see different views, keeps those that make it better, and is one folder afterwards."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from pydantic import ValidationError

from xray_platform.errors import DataError, InputError, StoreError
from xray_platform.image_stack import Heatmaps, Images, Scores, ViewedImages, pack_views, unpack_view
from xray_platform.models.all import MODELS
from xray_platform.models.contract import Part
from xray_platform.models.ensemble import Ensemble, EnsembleSettings, fit_ensemble
from xray_platform.progress import silent
from xray_platform_tests.detectors.chests import chests, with_blob
from xray_platform_tests.models.every_model import ModelKind

LINE = cast("type[EnsembleSettings]", MODELS["detector_ensemble"].settings[0])
RNG = np.random.default_rng(0)
ABNORMAL = np.arange(60) >= 30


@dataclass(frozen=True)
class Mean:
    """Scores by the mean grey value, times a factor, with noise of its own."""

    factor: float = 1.0
    noise: float = 0.0

    def score(self, images: Images, **_: Any) -> Scores:
        own = np.random.default_rng(len(images)).normal(0, 1, len(images)) * self.noise
        return np.asarray(images.mean(axis=(1, 2)) * self.factor + own, np.float64)

    def heatmap(self, images: Images, **_: Any) -> Heatmaps:
        return images * np.float32(self.factor)


def views() -> Part:
    """Two views of sixty pictures, of 16 and 8 px; the abnormal ones are brighter in both."""
    grey = RNG.normal(0.4, 0.05, 60) + 0.2 * ABNORMAL
    large, small = (np.broadcast_to(grey[:, None, None], (60, side, side)).astype(np.float32) for side in (16, 8))
    return Part(ViewedImages((large, small)), ABNORMAL)


def joined(parts: dict[str, tuple[Any, int, int]], val: Part, train: Part | None = None, **settings: Any) -> Ensemble:
    return fit_ensemble("detector_ensemble", LINE.model_validate(settings), parts, train or val, val, silent)


def test_views_of_several_sides_travel_as_one_array() -> None:
    large, small = RNG.random((3, 16, 16), np.float32), RNG.random((3, 8, 8), np.float32)
    packed = pack_views([large, small])
    assert packed.shape == (3, 2, 16, 16)
    assert np.array_equal(unpack_view(packed, 0, 16), large)
    assert np.array_equal(unpack_view(packed, 1, 8), small)
    assert pack_views([large]) is large
    with pytest.raises(InputError, match="a view number 2 of 8 px is wanted"):
        unpack_view(packed, 2, 8)


def test_parts_of_any_unit_have_the_same_say() -> None:
    val = views()
    both = joined({"pca_residual": (Mean(), 0, 16), "one_class_svm": (Mean(1000.0), 1, 8)}, val, keep="all")
    scores = both.score(val.images[:])
    assert np.mean(scores[~ABNORMAL]) == pytest.approx(0, abs=1e-6)
    assert np.std(scores[~ABNORMAL], ddof=1) == pytest.approx(1, rel=1e-3)
    assert scores[ABNORMAL].min() > scores[~ABNORMAL].max()
    assert both.heatmap(val.images[:]).shape == (60, 16, 16)


def test_a_part_that_makes_it_no_better_is_left_out_and_named() -> None:
    val = views()
    parts = {"pca_residual": (Mean(noise=5.0), 0, 16), "one_class_svm": (Mean(), 1, 8)}
    kept = joined(parts, val)
    assert [part.name for part in kept.parts] == ["one_class_svm"]
    assert "pca_residual made it no better" in kept.describe()[0]
    assert len(joined(parts, val, keep="all").parts) == 2
    normal_only = Part(val.images, np.zeros(60, bool))
    assert len(joined(parts, normal_only).parts) == 2, "without abnormal pictures nothing says which is better"


def test_what_only_left_out_parts_saw_is_no_longer_read_and_maps_lie_over_the_best_parts_view() -> None:
    val = views()
    parts = {"pca_residual": (Mean(noise=5.0), 0, 16), "one_class_svm": (Mean(), 1, 8)}
    needed = joined(parts, val).of_needed_views()
    small = unpack_view(val.images[:], 1, 8)
    assert needed.views == (1,)
    assert needed.heatmap(small).shape == (60, 8, 8)
    assert np.array_equal(needed.score(small), joined(parts, val).score(val.images[:]))


def test_it_is_one_folder_with_its_parts(tmp_path: Path) -> None:
    normal = chests(30, seed=2)
    pictures, abnormal = np.concatenate([normal, with_blob(normal)]), np.arange(60) >= 30
    kind = ModelKind("detector_ensemble")
    ensemble = kind.fit((pictures, abnormal), (pictures, abnormal), tmp_path / "fit")
    ensemble.save(tmp_path / "model")
    again = kind.load(tmp_path / "model")
    assert np.array_equal(again.score(pictures), ensemble.score(pictures))
    part = next((tmp_path / "model" / "parts").iterdir())
    (part / "detector.json").unlink()
    with pytest.raises(StoreError, match="detector"):
        kind.load(tmp_path / "model")


def test_parts_that_there_are_not_are_refused() -> None:
    with pytest.raises(ValidationError, match="no single model is called padim; there are pca_residual"):
        LINE.model_validate({"parts": "pca_residual, padim"})
    with pytest.raises(ValidationError, match="no single model is called ensemble"):
        LINE.model_validate({"parts": "ensemble"})
    with pytest.raises(ValidationError, match="needs a part"):
        LINE.model_validate({"parts": " , "})


def test_one_normal_picture_says_not_how_far_they_differ() -> None:
    few = Part(np.zeros((3, 8, 8), np.float32), np.array([True, True, False]))
    with pytest.raises(DataError, match="two normal pictures in the validation or the training part"):
        joined({"pca_residual": (Mean(), 0, 8)}, few)
    several = views()
    from_train = joined(
        {"pca_residual": (Mean(), 0, 16)}, Part(several.images, ABNORMAL | (np.arange(60) > 0)), several
    )
    assert np.std(from_train.score(several.images[:])[~ABNORMAL], ddof=1) == pytest.approx(1, rel=1e-3)
