"""A model that is told columns: from the header of a file where it states them, without them where it does not."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydicom import dcmread

from xray_platform.clinical_columns import ClinicalFacts, encode, with_values, without_values
from xray_platform.dicom.parse.clinical_facts import clinical_facts
from xray_platform.dicom.parse.container import open_container
from xray_platform.errors import InputError, StoreError
from xray_platform.serving.bundle import BundleFacts, write_bundle
from xray_platform.serving.files import predict_files
from xray_platform.serving.http.champion import ModelLocation
from xray_platform.serving.http.settings import ServeSettings
from xray_platform.serving.model_input import Preparation, prepare
from xray_platform.serving.pacs.judged_image import JudgedImage, judge_files
from xray_platform.serving.predict import Predictor
from xray_platform.serving.prediction import PredictedFile
from xray_platform_tests.serving.bundles import facts, small_bundle
from xray_platform_tests.serving.http.serving import server
from xray_platform_tests.serving.told import COLUMNS, network, told_bundle


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    return Predictor.load(told_bundle(tmp_path_factory.mktemp("told") / "bundle").folder, threads=1)


def changed(file: Path, **tags: str | None) -> bytes:
    """Return a DICOM file with other attributes; without those that are None."""
    dataset, out = dcmread(file), BytesIO()
    for name, value in tags.items():
        if value is None:
            del dataset[name]
        else:
            setattr(dataset, name, value)
    dataset.save_as(out)
    return out.getvalue()


def without(file: Path) -> bytes:
    return changed(file, PatientAge=None, PatientSex=None, ViewPosition=None, PatientBirthDate="")


def test_what_a_header_states_goes_in_and_what_it_does_not_is_told(predictor: Predictor, sound: list[Path]) -> None:
    whole, bare = predictor.predict(sound[0].read_bytes()), predictor.predict(without(sound[0]))
    assert whole.score != pytest.approx(bare.score, abs=1e-3)
    assert not [said for said in whole.warnings if said.startswith("columns")]
    assert "columns: age and sex and view not stated; judged without" in bare.warnings
    assert not [said for said in bare.quarantine if said.startswith("columns")]


def test_a_file_without_its_tags_is_judged_by_the_picture_alone_and_with_them_as_in_training(
    predictor: Predictor, sound: list[Path], tmp_path: Path
) -> None:
    picture_alone = Predictor.load(small_bundle(tmp_path / "plain").folder, threads=1)
    plain, told = (one.facts.recipes for one in (picture_alone, predictor))
    assert plain == told
    data = changed(sound[0], PatientAge="063Y", PatientSex="F", ViewPosition="AP")
    pixels = prepare(data, Preparation(told))[0].pixels[None]
    known = encode(ClinicalFacts(63.0, "F", "AP"), COLUMNS)[None]
    assert predictor.predict(data).score == pytest.approx(network().score(with_values(pixels, known))[0], abs=1e-6)
    hidden = network().score(without_values(pixels, COLUMNS))[0]
    assert predictor.predict(without(sound[0])).score == pytest.approx(hidden, abs=1e-6)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"PatientAge": "999Y"}, None),
        ({"PatientAge": "006M"}, 0.5),
        ({"PatientAge": "097Y"}, 97.0),
        ({"PatientAge": None, "PatientBirthDate": "19500301", "StudyDate": "20200301"}, 70.0),
        ({"PatientAge": None, "PatientBirthDate": ""}, None),
    ],
)
def test_ages_are_read_as_the_published_images_are(
    tags: dict[str, str | None], expected: float | None, sound: list[Path]
) -> None:
    found = clinical_facts(open_container(changed(sound[0], **tags)))
    told = encode(found, ("age",))
    assert np.array_equal(told, encode(ClinicalFacts(age=expected), ("age",)))


def test_a_view_is_found_where_some_machines_write_it(sound: list[Path]) -> None:
    data = changed(sound[0], ViewPosition=None, PatientPosition="AP")
    assert clinical_facts(open_container(data)).view == "AP"
    data = changed(sound[0], ViewPosition="SUPINE", PatientPosition="HFS")
    assert clinical_facts(open_container(data)).view is None


def test_a_picture_without_a_header_is_judged_by_itself_or_by_what_is_said_of_it(
    predictor: Predictor, tmp_path: Path
) -> None:
    place = np.hypot(*np.mgrid[-1:1:300j, -1:1:300j])
    grey = np.random.default_rng(0).integers(0, 30, place.shape) + 200 * np.exp(-place)
    png, words = cv2.imencode(".png", grey.astype(np.uint8))[1].tobytes(), "columns: age and sex and view not stated"
    paths = [tmp_path / "said.png", tmp_path / "unsaid.png"]
    for path in paths:
        path.write_bytes(png)
    known, unknown = predict_files(paths, predictor, said={paths[0]: ClinicalFacts(63.0, "F", "AP")})
    assert isinstance(known, PredictedFile)
    assert isinstance(unknown, PredictedFile)
    assert known.prediction.score != pytest.approx(unknown.prediction.score, abs=1e-3)
    assert not [said for said in known.prediction.warnings if said.startswith("columns")]
    assert f"{words}; judged without" in unknown.prediction.warnings
    assert unknown.prediction.score == pytest.approx(predictor.predict(png).score, abs=1e-6)


def test_a_header_counts_before_what_is_said_and_a_contradiction_is_told(
    predictor: Predictor, sound: list[Path]
) -> None:
    data = changed(sound[0], PatientAge="063Y", PatientSex="F", ViewPosition="LL")
    alone = predictor.predict(data)
    for said, words in [
        (ClinicalFacts(30.0, "M", "PA"), "age and sex and view"),
        (ClinicalFacts(63.9, "F", "LATERAL"), ""),  # whole years, and one of the views that are one to a model
        (ClinicalFacts(64.0), "age"),
        (ClinicalFacts(), ""),
        (ClinicalFacts(999.0, "female"), ""),  # is nothing that could contradict
    ]:
        told = predictor.predict(data, said=said)
        assert told.score == alone.score
        found = [warning for warning in told.warnings if warning.startswith("columns")]
        expected = [f"columns: {words} said otherwise than the header states; the header counts"]
        assert found == (expected if words else [])


def test_files_in_children_and_results_for_a_pacs_are_judged_alike(
    predictor: Predictor, sound: list[Path], tmp_path: Path
) -> None:
    bare = tmp_path / "bare.dcm"
    bare.write_bytes(without(sound[0]))
    paths = [sound[0], bare]
    expected = [predictor.predict(path.read_bytes()).score for path in paths]
    of_files = list(predict_files(paths, predictor, heatmaps=True))
    of_pacs = list(judge_files(paths, predictor))
    for one, other, score in zip(of_files, of_pacs, expected, strict=True):
        assert isinstance(one, PredictedFile)
        assert isinstance(other, JudgedImage)
        assert one.heatmap is not None
        assert one.prediction.score == other.prediction.score == pytest.approx(score, abs=1e-6)
    assert of_files[0].prediction.heatmap is not None  # type: ignore[union-attr]
    assert np.array_equal(of_files[0].prediction.heatmap, of_files[1].prediction.heatmap)  # type: ignore[union-attr, arg-type]


def test_a_bundle_says_which_columns_it_wants_and_one_without_is_what_it_was(predictor: Predictor) -> None:
    assert predictor.facts.clinical_columns == COLUMNS
    assert BundleFacts.model_validate_json(predictor.facts.model_dump_json()) == predictor.facts
    assert "clinical_columns" not in facts().model_dump(mode="json")


def test_a_bundle_that_hides_its_models_columns_is_refused_and_not_judged_otherwise(
    predictor: Predictor, sound: list[Path]
) -> None:
    silent = replace(predictor, facts=predictor.facts.model_copy(update={"clinical_columns": ()}))
    with pytest.raises(InputError, match="pictures with age, sex, view beside them"):
        silent.predict(sound[0].read_bytes())


def test_other_code_for_the_columns_is_noticed_when_the_bundle_is_opened(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_bundle(tmp_path / "bundle", predictor.facts, network()).folder
    monkeypatch.setattr("xray_platform.serving.made_with.encode", lambda facts, columns: encode(facts, columns) * 0.5)
    with pytest.raises(StoreError, match="is not that of its bundle"):
        Predictor.load(folder, threads=1)


def test_a_server_judges_a_file_by_its_header(sound: list[Path], predictor: Predictor, tmp_path: Path) -> None:
    bundle = told_bundle(tmp_path / "bundle")
    location = ModelLocation(bundle.folder, bundle.id, "7")
    with server(lambda: location, ServeSettings(readers=1)) as running:
        for data in (sound[0].read_bytes(), without(sound[0])):
            (image,) = running.judge(data).json["images"]
            assert image["score"] == pytest.approx(predictor.predict(data).score, abs=1e-5)
