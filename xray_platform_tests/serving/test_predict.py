"""Bytes in, prediction out: the same as in training, and never without a reason."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from xray_platform.dicom.deidentify.publish import publish_batch
from xray_platform.dicom.deidentify.settings import DeidentifySettings
from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.dicom.intake.raw_store import take_in
from xray_platform.dicom.pixels.standard_image import read_picture
from xray_platform.dicom.pseudonym import load_key
from xray_platform.dicom.quality.examine import examine_batch
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.dicom.standard.standard_images import standardise_batch
from xray_platform.dicom.standard.standard_job import StandardSettings
from xray_platform.errors import InputError
from xray_platform.imaging.store.tensors import read_tensors, tensorise_batch
from xray_platform.serving.bundle import Bundle, write_bundle
from xray_platform.serving.predict import Predictor
from xray_platform.tables.all import CATALOGUE, IMAGES, QUALITY, STANDARD_IMAGES
from xray_platform.tables.places import Places
from xray_platform.workers import cores
from xray_platform_tests.serving.bundles import SIDE, facts, network, pictures, small_bundle


def test_a_picture_scores_as_it_did_on_the_long_way_through_the_store(
    predictor: Predictor, archive: Path, sound: list[Path], tmp_path: Path
) -> None:
    places, recipe = Places(tmp_path / "store"), predictor.facts.recipe
    (plan,) = plan_batches(places, archive, origin="phantom")
    CATALOGUE.write(places, take_in(places, plan), plan.batch)
    QUALITY.write(places, examine_batch(places, plan.batch, QualitySettings()), plan.batch)
    published = publish_batch(places, plan.batch, load_key(tmp_path / "key"), DeidentifySettings())
    IMAGES.write(places, published.images, plan.batch)
    STANDARD_IMAGES.write(places, standardise_batch(places, plan.batch), plan.batch)
    rows = tensorise_batch(places, plan.batch, recipe)
    assert len(rows) >= 4, published.findings["evidence"].tolist()
    stored = dict(zip(rows["image"], network().score(read_tensors(places, recipe.id, rows)), strict=True))
    digests = CATALOGUE.read(places).set_index("source")["sha256"]
    served = {digests[str(path)][:16]: predictor.predict(path.read_bytes()).score for path in sound}
    for image, score in stored.items():
        assert served[image] == pytest.approx(score, abs=1e-6)


def test_the_window_that_training_saw_is_the_window_here(
    sound: list[Path], predictor: Predictor, tmp_path: Path
) -> None:
    tight = facts().model_copy(update={"standard": StandardSettings(window_low_percent=10, window_high_percent=90)})
    other = Predictor.load(write_bundle(tmp_path / "tight", tight, network()).folder, threads=1)
    picture = read_picture(sound[0].read_bytes(), tight.standard.rule)
    pixels = tight.recipe.apply(picture.pixels, (picture.window_low, picture.window_high))
    expected = network().score((pixels[None] / 65535).astype(np.float32))[0]
    assert other.predict(sound[0].read_bytes()).score == pytest.approx(expected, abs=1e-6)
    assert predictor.predict(sound[0].read_bytes()).score != pytest.approx(expected, abs=1e-6)


def test_a_prediction_says_all_that_it_rests_on(predictor: Predictor, sound: list[Path]) -> None:
    prediction = predictor.predict(sound[0].read_bytes())
    assert prediction.model == "attention_cnn"
    assert prediction.threshold == predictor.facts.threshold.value
    assert prediction.verdict == ("abnormal" if prediction.score >= prediction.threshold else "normal")
    assert prediction.probability == predictor.facts.calibration.probability(np.array([prediction.score]))[0]
    assert prediction.heatmap is None


def test_a_score_at_the_threshold_is_abnormal(predictor: Predictor, sound: list[Path], tmp_path: Path) -> None:
    data = sound[0].read_bytes()
    score = predictor.predict(data).score
    for value, verdict in ((score, "abnormal"), (np.nextafter(score, np.inf), "normal")):
        threshold = predictor.facts.threshold.model_copy(update={"value": float(value)})
        changed = facts().model_copy(update={"threshold": threshold})
        strict = Predictor.load(write_bundle(tmp_path / verdict, changed, network()).folder, threads=1)
        assert strict.predict(data).verdict == verdict


def test_a_heat_map_comes_when_asked_for(predictor: Predictor, sound: list[Path]) -> None:
    shown = predictor.predict(sound[0].read_bytes(), heatmap=True).heatmap
    assert shown is not None
    assert shown.shape == (SIDE, SIDE)
    assert shown.dtype == np.dtype(np.float32)
    assert np.isfinite(shown).all()


def test_who_is_scored_together_changes_nothing(predictor: Predictor) -> None:
    together = predictor.score(pictures(40))
    alone = np.concatenate([predictor.score(one[None]) for one in pictures(40)])
    np.testing.assert_allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("name", ["picture.png", "picture.jpg"])
def test_png_and_jpeg_are_taken_too(predictor: Predictor, tmp_path: Path, name: str) -> None:
    place = np.hypot(*np.mgrid[-1:1:300j, -1:1:300j])
    grey = (200 * np.exp(-place) + np.random.default_rng(0).integers(0, 30, place.shape)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / name), grey)
    prediction = predictor.predict((tmp_path / name).read_bytes())
    assert np.isfinite(prediction.score)
    assert any(warning.startswith("Q063: the shorter side has 300 pixels") for warning in prediction.warnings)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "Q001"),
        (b"hello, this is a letter and no picture", "Q002: neither DICOM nor JPEG nor PNG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "Q0"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_rules_reason(predictor: Predictor, data: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        predictor.predict(data)


def test_the_callers_threads_are_left_alone(sound: list[Path], tmp_path: Path) -> None:
    before = torch.get_num_threads()
    predictor = Predictor.load(small_bundle(tmp_path / "bundle").folder, threads=before + 1)
    predictor.predict(sound[0].read_bytes())
    assert torch.get_num_threads() == before


@pytest.mark.skipif(cores() < 2, reason="needs two processors to tell one thread from all")
def test_a_network_computes_with_the_threads_that_were_asked_for(predictor: Predictor) -> None:
    class Counting:
        def score(self, images: np.ndarray) -> np.ndarray:
            return np.full(len(images), torch.get_num_threads(), float)

    for wanted, used in ((1, 1), (2, 2), (0, cores())):
        asked = replace(predictor, model=Counting(), threads=wanted)  # type: ignore[arg-type]
        assert asked.score(pictures(1)).tolist() == [used]


def test_a_detector_predicts_like_a_network(sound: list[Path], tmp_path: Path) -> None:
    from xray_platform.detectors.all import DETECTORS

    kind = DETECTORS["pca_residual"]
    detector = kind.fit(pictures(20), kind.settings())
    named = facts().model_copy(update={"model": "pca_residual", "family": "detector"})
    folder = write_bundle(tmp_path / "bundle", named, detector).folder
    predictor = Predictor.load(folder)
    np.testing.assert_allclose(predictor.score(pictures(3)), detector.score(pictures(3)), rtol=1e-6)
    assert predictor.predict(sound[0].read_bytes(), heatmap=True).heatmap is not None
    assert Bundle.open(folder).facts.family == "detector"
