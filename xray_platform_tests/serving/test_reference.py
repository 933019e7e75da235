"""A model says how far an image lies from what it learnt, warns beyond a limit, and names what is most alike."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from xray_platform.errors import StoreError
from xray_platform.models.embedding import embed
from xray_platform.serving.bundle import Bundle, write_bundle
from xray_platform.serving.files import predict_files
from xray_platform.serving.predict import Predictor
from xray_platform.serving.prediction import PredictedFile, RefusedFile
from xray_platform.serving.reference import ARRAYS, CARD, SPARE, Reference, reference_of
from xray_platform_tests.serving.bundles import SIDE, facts, network, smooth_images


def _on_a_circle(*degrees: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    turned = np.radians(degrees)
    return np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)


def _reference(usual: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> Reference:
    learnt = _on_a_circle(0, 1, 2, 3, 4, 90)
    return reference_of([f"image{n}" for n in range(6)], np.arange(6) == 5, learnt, usual)


def test_the_distance_is_the_mean_one_to_the_nearest_five() -> None:
    reference = _reference(_on_a_circle(2))
    chords = [2 * np.sin(np.radians(abs(10 - degrees)) / 2) for degrees in range(5)]
    assert reference.distances(_on_a_circle(10))[0] == pytest.approx(np.mean(chords), abs=1e-3)
    assert reference.distances(_on_a_circle(2, 90))[1] > 10 * reference.distances(_on_a_circle(2))[0]


def test_of_many_validation_images_one_in_a_hundred_lies_beyond_the_limit() -> None:
    rng = np.random.default_rng(0)
    reference = _reference(_on_a_circle(*rng.normal(2, 5, 2000)))
    beyond = reference.distances(_on_a_circle(*rng.normal(2, 5, 4000))) > reference.limit
    assert beyond.mean() == pytest.approx(0.01, abs=0.006)


def test_of_few_validation_images_the_limit_leaves_room() -> None:
    reference = _reference(_on_a_circle(2, 20))
    assert reference.limit == pytest.approx(SPARE * reference.distances(_on_a_circle(20))[0])


def test_the_most_alike_come_first_and_of_one_label_where_asked() -> None:
    reference = _reference(_on_a_circle(2))
    (placed,) = reference.place(_on_a_circle(80), 2)
    assert [(one.image, one.abnormal) for one in placed.similar] == [("image5", True), ("image4", False)]
    assert [one.image for one in placed.similar_normals] == ["image4", "image3"]


@pytest.mark.parametrize("damaged", [CARD, ARRAYS])
def test_it_comes_back_from_its_folder_and_damage_is_told(tmp_path: Path, damaged: str) -> None:
    reference = _reference(_on_a_circle(2, 20))
    reference.save(tmp_path / "reference")
    back = Reference.load(tmp_path / "reference")
    np.testing.assert_array_equal(back.distances(_on_a_circle(7)), reference.distances(_on_a_circle(7)))
    assert (back.images, back.limit) == (reference.images, reference.limit)
    (tmp_path / "reference" / damaged).write_bytes(b"{}")
    with pytest.raises(StoreError, match="missing or damaged"):
        Reference.load(tmp_path / "reference")


def test_a_card_that_names_other_images_than_there_are_is_refused(tmp_path: Path) -> None:
    _reference(_on_a_circle(2)).save(tmp_path / "reference")
    card = json.loads((tmp_path / "reference" / CARD).read_text())
    (tmp_path / "reference" / CARD).write_text(json.dumps({**card, "images": card["images"][1:]}))
    with pytest.raises(StoreError, match="it names 5 images, not 6"):
        Reference.load(tmp_path / "reference")


@pytest.fixture
def known(tmp_path: Path) -> Predictor:
    """A predictor that learnt from smooth images."""
    learnt, others = (embed(network(), smooth_images(40, seed)) for seed in (0, 1))
    names = [f"{number:016x}" for number in range(40)]
    reference = reference_of(names, np.zeros(40, bool), learnt, others)
    return Predictor.load(write_bundle(tmp_path / "bundle", facts(), network(), reference).folder, threads=1)


def test_a_bundle_keeps_it_and_an_image_of_another_kind_is_judged_with_a_warning(
    known: Predictor, sound: list[Path], tmp_path: Path
) -> None:
    assert known.reference is not None
    assert Bundle.open(tmp_path / "bundle").reference() is not None
    stripes = np.tile(np.array([0, 255], np.uint8), (300, 150))
    cv2.imwrite(str(tmp_path / "stripes.png"), stripes)
    usual = known.place(smooth_images(20, 2))
    assert sum(one.beyond() is not None for one in usual if one) == 0
    strange = np.indices((SIDE, SIDE)).sum(axis=0)[None].astype(np.float32) % 2
    (placed,) = known.place(strange)
    assert placed is not None
    assert placed.distance > placed.limit
    said = known.predict(sound[0].read_bytes())
    assert said.placed is not None
    assert said.as_json()["distance"] == said.placed.distance
    assert len(said.placed.similar) == 4


def test_where_a_setting_says_so_it_is_refused(known: Predictor, sound: list[Path]) -> None:
    judged = next(predict_files([sound[0]], known))
    assert isinstance(judged, PredictedFile)
    assert judged.prediction.unfamiliar, "a phantom is not like a smooth image"
    assert judged.prediction.warnings[0].startswith("distance: the image is unlike all that the model learnt from")
    refused = next(predict_files([sound[0]], known, unfamiliar="refuse"))
    assert refused == RefusedFile(judged.file, judged.prediction.unfamiliar)
