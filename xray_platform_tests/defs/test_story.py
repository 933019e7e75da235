"""Ten phantoms from the archive to the report, in one process."""

import json
from pathlib import Path

import dagster as dg
import pydicom

from xray_platform.defs.graph import definitions
from xray_platform.defs.local_runner import LocalRunner
from xray_platform.defs.model_store import current_record, model_folder
from xray_platform.defs.models_in_use import BY_DEFAULT
from xray_platform.dicom.intake.batch_plan import plan_batches, plans
from xray_platform.dicom.standard.standard_images import StandardSettings
from xray_platform.imaging.recipes import named_recipe
from xray_platform.imaging.store.tensors import rows_part
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.serving.bundle import Bundle
from xray_platform.serving.predict import Predictor
from xray_platform.tables.all import CATALOGUE, IMAGES, LEADERBOARD, QUALITY, SCORES, SPLITS, STANDARD_IMAGES, TENSORS
from xray_platform.tables.layouts import standard_folder
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.registry import champion, champion_bundle
from xray_platform_tests.defs.conftest import Story

SMALL_SIDE = 256


def test_every_run_succeeds_and_every_asset_is_made(story: Story) -> None:
    assert [dict(outcome.failures) for outcome in story.outcomes if not outcome.success] == []
    made = {name for outcome in story.outcomes for name in outcome.assets}
    assert made == {key.to_user_string() for key in story.store.select([], None)}


def test_nothing_is_lost_between_archive_and_tables(story: Story) -> None:
    catalogue, quality = CATALOGUE.read(story.places), QUALITY.read(story.places)
    files = [
        path for path in story.archive.rglob("*") if path.is_file() and path.name not in {"labels.csv", "boxes.csv"}
    ]
    assert len(catalogue) == len(files)
    worst = quality[quality["severity"].isin(["quarantine", "reject"])]
    accounted = set(IMAGES.read(story.places)["sha256"]) | set(worst["sha256"])
    assert set(catalogue["sha256"].dropna()) == accounted


def test_the_sound_pictures_come_through_with_all_their_grey_levels(story: Story) -> None:
    images, standard = IMAGES.read(story.places), STANDARD_IMAGES.read(story.places)
    assert len(images) == 10
    assert set(standard["image"]) == set(images["image"]) == set(TENSORS.read(story.places)["image"])
    assert standard["grey_levels"].min() > 256


def test_no_identity_is_found_outside_the_raw_zone(story: Story) -> None:
    planted = identities(story)
    assert len(planted) > 10
    leaks = [
        (path.relative_to(story.places.root), token)
        for path in story.places.root.rglob("*")
        if path.is_file() and not path.is_relative_to(story.places.raw)
        for token in planted
        if token in path.read_bytes()
    ]
    assert leaks == []


def test_the_data_have_a_report_of_their_own(story: Story) -> None:
    folder = story.places.reports / "data"
    said = json.loads((folder / "metrics" / "data.json").read_text(encoding="utf-8"))
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert said["flow"]["stages"][0]["number"] == len(CATALOGUE.read(story.places))
    assert said["composition"]["pictures"] == [10]
    assert page.count("data:image/jpeg;base64,") >= 10


def test_each_model_has_scores_a_report_and_a_run_in_mlflow(story: Story) -> None:
    client = open_tracking(story.places).client
    for name in BY_DEFAULT:
        record = current_record(story.places, name)
        run = client.get_run(record.run)
        assert run.info.status == "FINISHED"
        assert run.data.tags["dagster.asset_key"] == name
        assert run.data.tags["dagster.run_id"] == record.dagster_run
        assert "threshold/verdict" in run.data.metrics
        assert run.inputs is not None
        assert run.inputs.dataset_inputs
        assert len(SCORES.read(story.places, name)) == len(SPLITS.read(story.places))
        page = story.places.reports / name / record.run / "report.html"
        assert record.run in page.read_text(encoding="utf-8")


def test_a_figure_is_traced_to_the_bytes_of_its_pictures(story: Story) -> None:
    record = current_record(story.places, BY_DEFAULT[0])
    page = (story.places.reports / BY_DEFAULT[0] / record.run / "report.html").read_text(encoding="utf-8")
    test = SPLITS.read(story.places).query("split == 'test'")
    hashes = IMAGES.read(story.places).set_index("image")["sha256"]
    assert len(test)
    assert all(hashes[image] in page for image in test["image"])


def test_where_there_was_no_champion_the_first_of_the_leaderboard_is_one(story: Story) -> None:
    board = LEADERBOARD.read(story.places)
    assert set(board["model"]) == set(BY_DEFAULT)
    tracking = open_tracking(story.places)
    in_use = champion(tracking)
    assert in_use is not None
    assert in_use.model == board.sort_values("rank").iloc[0]["model"]
    facts = json.loads((champion_bundle(tracking).folder / "bundle.json").read_text())
    assert facts["facts"]["model"] == in_use.model


def test_a_second_run_has_nothing_to_do(story: Story) -> None:
    assert story.store.pending() == []
    assert list(story.store.run(story.store.select([], None), ignore)) == []


def test_splits_materialised_again_make_nothing_stale(story: Story) -> None:
    outcomes = list(story.store.run([dg.AssetKey("splits")], ignore, force=True))
    assert [outcome.failures for outcome in outcomes] == [{}]
    assert story.store.pending() == []


def test_the_user_interface_gets_row_counts_schemas_pictures_and_links(story: Story) -> None:
    def metadata(name: str, batch: str | None = None) -> dict[str, dg.MetadataValue]:
        only = dg.AssetRecordsFilter(asset_key=dg.AssetKey(name), asset_partitions=[batch] if batch else None)
        records = story.store.instance.fetch_materializations(only, limit=1).records
        materialization = records[0].asset_materialization
        assert materialization is not None
        return dict(materialization.metadata)

    images = metadata("images", "batch-0001")
    assert images["dagster/row_count"].value == 10
    taken, judged = metadata("raw_archive", "batch-0001"), metadata("quality", "batch-0001")
    assert taken["files planned"].value == len(CATALOGUE.read(story.places))
    assert judged["accept"].value == 11  # one of them is held back later, when it is published
    decided = [judged[word].value for word in ("accept", "quarantine", "reject")]
    assert judged["files judged"].value == sum(number for number in decided if isinstance(number, int))
    assert "Q0" in str(judged["rules"].value)
    schema = images["dagster/column_schema"].value
    assert isinstance(schema, dg.TableSchema)
    assert [column.name for column in schema.columns] == [column.name for column in IMAGES.columns]
    assert "data:image/png;base64," in str(metadata("tensors_default_128", "batch-0001")["pictures"].value)
    assert "/#/experiments/" in str(metadata("attention_cnn")["MLflow run"].value)
    assert str(metadata("attention_cnn_report")["open the report"].value).startswith("/store/reports/attention_cnn/")
    plotted = {
        "attention_cnn": {"seconds", "pictures", "train pictures", "epochs", "validation auroc of the best epoch"},
        "pca_residual_scores": {"auroc", "sensitivity", "specificity", "validation auroc", "seconds", "pictures"},
        "pca_residual_report": {"auroc", "cautions", "seconds"},
        "leaderboard": {"auroc", "validation auroc of attention_cnn"},
        "champion": {"auroc", "validation auroc", "version", "margin"},
    }
    for asset, names in plotted.items():
        assert all(isinstance(metadata(asset)[name].value, (int, float)) for name in names), asset


def test_all_checks_passed_and_left_their_data_docs(story: Story) -> None:
    assert (story.places.docs / "index.html").exists()
    blocking = [line for line in story.heard if "check" in line.lower() and "fail" in line.lower()]
    assert not [line for line in blocking if "classes" not in line]


def ignore(_: object) -> None:
    """Listen to nothing."""


def identities(story: Story) -> set[bytes]:
    """Return names, patient IDs, accession numbers and UIDs of the archive, as bytes."""
    found: set[str] = set()
    for plan in plans(story.places):
        for file in plan.files:
            found |= _identity_of(Path(file.path))
    return {token.encode() for token in found if len(token) > 5}


def _identity_of(path: Path) -> set[str]:
    try:
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
    except Exception:  # noqa: BLE001 - broken files have no identity to look for
        return set()
    names = ("PatientName", "PatientID", "AccessionNumber", "StudyInstanceUID", "SOPInstanceUID", "InstitutionName")
    return {str(dataset[name].value) for name in names if name in dataset and dataset[name].value}


def test_a_second_batch_recomputes_nothing_of_the_first(story: Story, tmp_path: Path) -> None:
    """It and what follows it change the store."""
    before = TENSORS.path(story.places, rows_part("batch-0001", named_recipe("default").id)).stat().st_mtime_ns
    where = dict(zip(*(SPLITS.read(story.places)[name] for name in ("image", "split")), strict=True))
    write_archive(tmp_path / "more", ArchiveSettings(pictures=4, side=SMALL_SIDE, seed=99, broken=False), workers=1)
    plan_batches(story.places, tmp_path / "more", origin="phantom")
    keys = story.store.select(["archive", "imaging"], None)
    outcomes = list(story.store.run(keys, ignore))
    assert all(outcome.success for outcome in outcomes)
    assert [outcome.partition for outcome in outcomes] == ["batch-0002", None]
    assert TENSORS.path(story.places, rows_part("batch-0001", named_recipe("default").id)).stat().st_mtime_ns == before
    after = dict(zip(*(SPLITS.read(story.places)[name] for name in ("image", "split")), strict=True))
    assert len(after) == 14
    assert {image: after[image] for image in where} == where
    assert "attention_cnn" in story.store.pending()


def test_another_recipe_makes_tensors_beside_the_old_ones_and_decodes_nothing(story: Story) -> None:
    standard = standard_folder(story.places, "batch-0001")
    made = {path: path.stat().st_mtime_ns for path in standard.rglob("*")}
    assert made
    before = set(story.store.pending())
    story.places.settings.write_text("pca_residual: {recipe: clahe, tensor_side: 96}\ndetector_ensemble: {keep: all}\n")
    again = LocalRunner(story.places, definitions())
    ensemble = "detector_ensemble, detector_ensemble_scores, detector_ensemble_report"
    outcomes = list(again.run(again.select([], f"tensors_clahe_96, pca_residual, {ensemble}"), ignore))
    after = set(again.pending())
    _it_serves_from_bytes_what_it_said_of_tensors(story, "detector_ensemble")
    again.close()
    story.places.settings.unlink()
    assert all(outcome.success for outcome in outcomes)
    newly = {name for name in after - before if "clahe" not in name and "ensemble" not in name}
    assert not newly & {"one_class_svm", "synthetic_anomaly", "attention_cnn"}, "others stay fresh"
    assert {path: path.stat().st_mtime_ns for path in standard.rglob("*")} == made
    recipes = {named_recipe("default"), named_recipe("equalised"), named_recipe("clahe", 96)}
    assert {recipe.id for recipe in recipes} <= set(TENSORS.read(story.places)["recipe"])


def _it_serves_from_bytes_what_it_said_of_tensors(story: Story, model: str) -> None:
    """An ensemble of parts that read different recipes reads a file once, and sees of it what it saw of the tensors."""
    record = current_record(story.places, model)
    predictor = Predictor.load(model_folder(story.places, record) / "bundle")
    files = IMAGES.read(story.places).set_index("image")["file"]
    row = SCORES.read(story.places, model).iloc[0]
    said = predictor.predict((story.places.processed / files[row["image"]]).read_bytes(), heatmap=True)
    assert len(record.recipes) == 4
    assert abs(said.score - row["score"]) < 1e-4
    assert said.heatmap is not None
    assert said.heatmap.shape == (96, 96)


def test_a_recipe_that_no_model_can_take_is_told(story: Story) -> None:
    heard: list[str] = []
    keys = story.store.select([], "pca_residual")
    config = {"pca_residual": {"recipe": "imagenet"}}
    (outcome,) = story.store.run(keys, lambda entry: heard.append(entry.message), config=config, force=True)
    assert not outcome.success
    assert "pca_residual takes unit range" in f"{outcome} {heard}"


def test_a_recipe_whose_tensors_nobody_makes_is_told(story: Story) -> None:
    """The launchpad can name any recipe; its tensors are made where `xray.yaml` names it."""
    (outcome,) = story.store.run(
        story.store.select([], "pca_residual"), ignore, config={"pca_residual": {"tensor_side": 96}}, force=True
    )
    told = outcome.failures["pca_residual"]
    assert "has tensors of this recipe with 96 pixels" in told
    assert "`xray.yaml`" in told


def test_a_model_remembers_how_its_standard_images_were_made(story: Story) -> None:
    keys = story.store.select(
        [], "standard_images, tensors_default_128, pca_residual, pca_residual_scores, pca_residual_report"
    )
    config = {"standard_images": {"window_low_percent": 2.0, "window_high_percent": 98.0}}
    outcomes = list(story.store.run(keys, ignore, config=config, force=True))
    assert all(outcome.success for outcome in outcomes)
    record = current_record(story.places, "pca_residual")
    bundle = Bundle.open(model_folder(story.places, record) / "bundle")
    assert bundle.facts.standard == StandardSettings(window_low_percent=2.0, window_high_percent=98.0)
    run = open_tracking(story.places).client.get_run(record.run)
    assert run.data.params["standard_images.window_low_percent"] == "2.0"
