"""A store whose `xray.yaml` asks for clinical columns: from the published images to training, report and prediction."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from mlflow.models import Model
from pydicom import dcmread

from xray_platform.clinical_columns import ClinicalImages, without_values
from xray_platform.defs.clinical_values import clinical_values
from xray_platform.defs.cohort import read_cohort
from xray_platform.defs.graph import definitions
from xray_platform.defs.local_runner import LocalRunner, RunOutcome
from xray_platform.defs.model_store import current_record
from xray_platform.defs.score_cohort import cohort_of, scorer_of
from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.models.all import MODELS
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.tables.all import IMAGES, PREDICTIONS, SCORES
from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.registry import model_bundle
from xray_platform_tests.cli.conftest import command
from xray_platform_tests.conftest import KEY

SETTINGS = """
attention_cnn:
  clinical_columns: [view, age, sex]
  recipe: default
  tensor_side: 32
  epochs: 2
  width: 8
  batch_size: 8
  device: cpu
  threads: 1
  dropout_passes: 2
attention_cnn_scores: {corruption_severities: "3", corruption_pictures: 4, resamples: 50}
pca_residual: {recipe: default, tensor_side: 32}
ensemble: {parts: "attention_cnn, pca_residual", keep: all}
"""


@dataclass(frozen=True)
class Told:
    """A store after its first run, and the archive that it took in."""

    store: LocalRunner
    archive: Path
    outcomes: tuple[RunOutcome, ...]

    @property
    def places(self) -> Places:
        return self.store.places


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    home = tmp_path_factory.mktemp("told")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XRAY_KEY", KEY)
        patch.setenv("XRAY_ROOT", str(home / "store"))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        places = Places(home / "store")
        places.root.mkdir()
        (places.root / "xray.yaml").write_text(SETTINGS)
        archive = home / "archive"
        write_archive(archive, ArchiveSettings(pictures=16, side=192, seed=94, broken=False), workers=1)
        plan_batches(places, archive, origin="phantom")
        store = LocalRunner(places, definitions())
        wanted = store.select([], "+key:attention_cnn_report, +key:ensemble, +key:champion")
        wanted = [key for key in wanted if not _of_others(key.to_user_string())]
        wanted += store.select([], "key:predictions")
        yield Told(store, archive, tuple(store.run(wanted, lambda _: None)))
        store.close()


def _of_others(name: str) -> bool:
    """Tell whether an asset is of a model that is not needed here; a leaderboard is made of those that there are."""
    kept = {"attention_cnn", "attention_cnn_scores", "attention_cnn_report", "pca_residual", "ensemble"}
    others = {f"{model}{end}" for model in MODELS for end in ("", "_scores", "_report")}
    return name in others - kept


def bundle_score(told: Told, file: Path) -> float:
    ran = command(told.places.root, "predict", file, "--model", "attention_cnn", "--json")
    assert ran.code == 0, ran.err
    return float(json.loads(ran.out)["score"])


def test_the_store_is_made_without_a_failure(told: Told) -> None:
    assert [outcome.failures for outcome in told.outcomes if outcome.failures] == []


def test_training_bundle_and_signature_say_which_columns_go_in(told: Told) -> None:
    record = current_record(told.places, "attention_cnn")
    assert record.settings["training"]["clinical_columns"] == "age, sex, view"
    tracking = open_tracking(told.places)
    bundle = model_bundle(tracking, "attention_cnn")
    assert bundle.facts.clinical_columns == ("age", "sex", "view")
    run = tracking.client.get_run(record.run)
    assert run.data.params["training.clinical_columns"] == "age, sex, view"
    assert len(run.data.params["data.clinical"]) == 16
    takes = Model.load(str(bundle.folder.parents[1])).signature.inputs.input_names()
    assert takes == ["picture", "pixels", "age", "sex", "view"]


def test_scores_are_those_of_the_pictures_with_what_their_rows_say(told: Told) -> None:
    record = current_record(told.places, "attention_cnn")
    cohort, scorer = cohort_of(told.places, record), scorer_of(told.places, record)
    images = cohort.images(cohort.rows)
    assert isinstance(images, ClinicalImages)
    rows = IMAGES.read(told.places).set_index("image").loc[cohort.rows["image"]]
    assert np.allclose(images.values[:, 0] * 90, rows["age_years"], atol=1e-3)
    assert np.array_equal(images.values[:, 2] == 1, rows["sex"] == "M")
    assert np.array_equal(images.values[:, 5] == 1, rows["view_position"] == "PA")
    scores = SCORES.read(told.places, "attention_cnn").set_index("image")["score"].loc[cohort.rows["image"]]
    assert np.allclose(scorer.score(images[:]), scores, atol=1e-6)
    hidden = scorer.score(without_values(images[:], cohort.clinical_columns))
    assert not np.allclose(hidden, scores, atol=1e-6)


def test_the_command_judges_a_file_as_the_store_did_and_one_without_tags_by_its_picture(
    told: Told, tmp_path: Path
) -> None:
    scores = SCORES.read(told.places, "attention_cnn").set_index("image")["score"]
    name = scores.index[0]
    file = told.places.processed / IMAGES.read(told.places).set_index("image").loc[name, "file"]
    assert bundle_score(told, file) == pytest.approx(scores[name], abs=1e-5)
    dataset, out = dcmread(file), BytesIO()
    for tag in ("PatientAge", "PatientSex", "ViewPosition", "PatientPosition"):
        if tag in dataset:
            del dataset[tag]
    dataset.save_as(out)
    (tmp_path / "bare.dcm").write_bytes(out.getvalue())
    record = current_record(told.places, "attention_cnn")
    cohort = cohort_of(told.places, record)
    row = cohort.rows[cohort.rows["image"] == name]
    hidden = scorer_of(told.places, record).score(without_values(cohort.images(row)[:], cohort.clinical_columns))[0]
    assert bundle_score(told, tmp_path / "bare.dcm") == pytest.approx(hidden, abs=1e-5)
    ran = command(told.places.root, "predict", tmp_path / "bare.dcm", "--model", "attention_cnn")
    assert "warning: columns: age and sex and view not stated; judged without" in ran.out


def test_the_report_says_what_the_columns_are_worth(told: Told) -> None:
    record = current_record(told.places, "attention_cnn")
    folder = told.places.reports / "attention_cnn" / record.run
    page = (folder / "report.html").read_text()
    assert "Columns beside the picture" in page
    assert "AUROC with them hidden" in page
    found = json.loads((folder / "metrics" / "clinical.json").read_text())
    assert found["known"] == {"age": 1.0, "sex": 1.0, "view": 1.0}
    logged = open_tracking(told.places).client.get_run(record.run).data.metrics
    assert logged["test/clinical/known_age"] == 1.0
    for name in ("told", "hidden", "alone"):
        if (value := found[name]["value"]) is not None:
            assert logged[f"test/clinical/{name}"] == pytest.approx(value)


def test_an_ensemble_joins_it_by_what_it_sees(told: Told) -> None:
    ensemble = scorer_of(told.places, current_record(told.places, "ensemble"))
    cohort = read_cohort(told.places, current_record(told.places, "ensemble").recipes)
    images = cohort.images(cohort.rows)[:]
    (part,) = (part for part in ensemble.parts if part.name == "attention_cnn")  # type: ignore[attr-defined]
    alone = without_values(images, part.model.clinical_columns)
    assert np.allclose(part.score(images), (part.model.score(alone) - part.centre) / part.spread)


def test_predictions_of_a_champion_with_columns_are_its_scores(told: Told) -> None:
    said = PREDICTIONS.read(told.places)
    assert set(said["model"]) == {"attention_cnn"}
    scores = SCORES.read(told.places, "attention_cnn").set_index("image")["score"]
    both = said.set_index("image")["score"].loc[scores.index]
    assert np.allclose(both, scores, atol=1e-5)


def test_other_ages_in_the_images_make_the_network_out_of_date_and_no_other_model(told: Told) -> None:
    graph = {spec.key.to_user_string(): spec for spec in told.store.graph.specs.values()}

    def reads(name: str) -> set[str]:
        return {dep.asset_key.to_user_string() for dep in graph[name].deps}

    assert "images" in reads("attention_cnn")
    assert "images" not in reads("pca_residual") | reads("resnet")


def test_a_word_that_is_no_column_is_told_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "xray.yaml").write_text("resnet:\n  clinical_columns: [age, weight]\n")
    monkeypatch.setenv("XRAY_ROOT", str(tmp_path))
    ran = command(tmp_path, "settings")
    assert ran.code != 0
    assert "xray.yaml:2: resnet: clinical_columns" in ran.err
    assert "there is no clinical column 'weight'; allowed: age, sex, view" in ran.err


def test_what_no_row_says_is_unknown(told: Told, tmp_path: Path) -> None:
    places, columns = Places(tmp_path), ("age", "sex", "view")
    table = IMAGES.read(told.places)
    names = table["image"].astype(str).tolist()
    nothing = table.assign(age_years=np.nan, sex=None, view_position=None)
    IMAGES.write(places, IMAGES.typed(nothing), "batch-0001")
    assert not clinical_values(places, names, columns).any()
    said = clinical_values(told.places, [names[0], "0" * 16], columns)
    assert said[0].any()
    assert not said[1].any()
