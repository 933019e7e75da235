"""What MLflow keeps of the story: names that mean one thing, figures apart from epochs, words for people."""

import pytest
from mlflow.entities import Run

from xray_platform.defs.cohort import data_digest
from xray_platform.defs.launchpad import QUICK_SETTINGS
from xray_platform.defs.model_store import TrainingRecord, current_record
from xray_platform.defs.models_in_use import BY_DEFAULT
from xray_platform.defs.reporting import report_manifest, stored_audit
from xray_platform.defs.score_cohort import stored_evaluation
from xray_platform.evaluation.reliance import Reliance
from xray_platform.evaluation.report import RELIANCE_FILE
from xray_platform.models.all import MODELS
from xray_platform.networks.all import NETWORKS
from xray_platform.tables.manifest import read_checked
from xray_platform.tracking.datasets import PARTS
from xray_platform.tracking.mlflow_store import Tracking, open_tracking
from xray_platform_tests.defs.conftest import Story

FAMILIES = {name: kind.family for name, kind in MODELS.items()}
SECTIONS = {"epoch", "train", "val", "test", "threshold", "training", "robustness", "origin", "subgroup", "guard"}


@pytest.fixture(scope="module")
def tracking(story: Story) -> Tracking:
    return open_tracking(story.places)


@pytest.fixture(scope="module")
def records(story: Story) -> dict[str, TrainingRecord]:
    return {name: current_record(story.places, name) for name in BY_DEFAULT}


@pytest.fixture(scope="module")
def runs(tracking: Tracking, records: dict[str, TrainingRecord]) -> dict[str, Run]:
    return {name: tracking.client.get_run(record.run) for name, record in records.items()}


def test_a_runs_name_says_model_and_data(runs: dict[str, Run], records: dict[str, TrainingRecord]) -> None:
    for name, run in runs.items():
        count, digest = sum(records[name].pictures.values()), records[name].inputs["train"][:6]
        assert run.info.run_name == f"{name}-{count}-phantoms-{digest}"


def test_the_figures_of_the_finished_model_are_not_those_of_its_last_epoch(story: Story, runs: dict[str, Run]) -> None:
    """The bug that this forbids: the last epoch's AUROC shown as the model's."""
    for name, run in runs.items():
        evaluation = stored_evaluation(story.places, current_record(story.places, name))
        for split in ("train", "val", "test"):
            assert run.data.metrics[f"{split}/auroc"] == evaluation.value("auroc", split)
        epochs = {metric for metric in run.data.metrics if metric.startswith("epoch/")}
        assert bool(epochs) == any("epochs" in part.model_fields for part in MODELS[name].settings)
    history = open_tracking(story.places).client.get_metric_history(
        runs["attention_cnn"].info.run_id, "epoch/val_auroc"
    )
    assert [metric.step for metric in history] == list(range(int(QUICK_SETTINGS["attention_cnn"]["epochs"])))


def test_every_metric_stands_in_a_section_and_no_name_has_a_blank(runs: dict[str, Run]) -> None:
    for run in runs.values():
        assert {name.split("/")[0] for name in run.data.metrics} <= SECTIONS
        assert all("/" in name for name in run.data.metrics)
        datasets = [entry.dataset.name for entry in (run.inputs.dataset_inputs if run.inputs else [])]
        assert sorted(datasets) == ["test_pictures", "train_pictures", "val_pictures"]
        assert not [name for name in (*run.data.metrics, *run.data.params, *run.data.tags, *datasets) if " " in name]


def test_settings_of_recipe_training_and_evaluation_are_parameters_and_seed_means_one_thing(
    runs: dict[str, Run],
) -> None:
    for name, run in runs.items():
        params = run.data.params
        assert params["recipe.name"] == run.data.tags["recipe"]
        assert params["standard_images.window"] == "percentile"
        assert params["evaluation.threshold_rule"] == ("youden" if MODELS[name].learns_from_abnormal else "specificity")
        assert params["evaluation.data.val"] == params["data.val"]
        seeds = ["seed"] if FAMILIES[name] != "ensemble" else []
        assert [param for param in params if param.rsplit(".", 1)[-1] == "seed"] == seeds


def test_runs_are_found_by_what_they_are_of(tracking: Tracking, records: dict[str, TrainingRecord]) -> None:
    digest = records["attention_cnn"].inputs["train"]
    asked = (
        f"tags.family = 'network' and tags.origin = 'phantom' and tags.data = '{digest}' and tags.recipe = 'default'"
    )
    found = tracking.client.search_runs([tracking.experiment_id], asked)
    assert {run.info.run_id for run in found} == {records[name].run for name in NETWORKS if name in BY_DEFAULT}
    assert {run.data.tags["stage"] for run in found} == {"reported"}


def test_equal_digests_mean_the_same_pictures_and_truth(story: Story, records: dict[str, TrainingRecord]) -> None:
    val = stored_evaluation(story.places, records["pca_residual"]).part("val")
    assert data_digest(val) == records["pca_residual"].inputs["val"] == records["one_class_svm"].inputs["val"]
    assert data_digest(val.sample(frac=1, random_state=1)) == data_digest(val)
    assert data_digest(val.assign(abnormal=~val["abnormal"].astype(bool))) != data_digest(val)


def test_runs_and_registered_models_say_what_on_whom_how_good_what_for_and_their_limits(
    tracking: Tracking, runs: dict[str, Run], records: dict[str, TrainingRecord]
) -> None:
    for name, run in runs.items():
        version = tracking.client.get_model_version_by_alias(f"xray-{name}", "current")
        for text in (run.data.tags["mlflow.note.content"], str(version.description)):
            parts = ", ".join(f"{records[name].pictures[part]} for {use}" for part, use in PARTS.items())
            for words in ("**What:**", parts, "an AUROC of"):
                assert words in text
            for words in ("Made-up pictures", "**Intended use:**", "**Limits:**", "Not a medical device"):
                assert words in text
        kind = str(tracking.client.get_registered_model(f"xray-{name}").description)
        assert "the bytes of DICOM, JPEG or PNG pictures in the column `picture`" in kind
        assert version.tags["origin"] == "phantom"
        assert float(version.tags["val_auroc"]) == run.data.metrics["val/auroc"]
    assert "`challenger`" in str(tracking.client.get_registered_model("xray-champion").description)


def test_a_logged_model_is_linked_to_the_pictures_of_each_figure(tracking: Tracking, runs: dict[str, Run]) -> None:
    for run in runs.values():
        model = tracking.client.get_logged_model(run.data.tags["xray.model_id"])
        seen = {metric.key: (metric.dataset_name, metric.dataset_digest) for metric in model.metrics or []}
        for split in ("train", "val", "test"):
            assert seen[f"{split}/auroc"] == (f"{split}_pictures", run.data.params[f"data.{split}"])
        assert not [name for name in seen if name.startswith("epoch/")]


def test_what_only_a_report_computes_is_a_figure_of_the_run_too(story: Story, runs: dict[str, Run]) -> None:
    """Facts without a lung, uncertainty and guards: as the report's own files say."""
    for name, run in runs.items():
        record, metrics = current_record(story.places, name), run.data.metrics
        file = story.places.reports / name / record.run / RELIANCE_FILE
        reliance = Reliance.model_validate_json(read_checked(story.places, report_manifest(record), file))
        computed = {**stored_audit(story.places, record).figures(), **reliance.figures()}
        assert "test/risk_coverage/area" in computed
        assert {figure: metrics.get(figure) for figure in computed} == computed
        assert any(figure.startswith("test/maps/") for figure in metrics)
        assert {order.source for order in reliance.orders} >= {"distance", "conformal"}
        spread = {"network": "dropout"}.get(FAMILIES[name])
        assert (spread is None) or spread in {order.source for order in reliance.orders}
        for guard in ("shortcut", "calibration", "robustness", "subgroups"):
            said = run.data.tags[f"guard.{guard}"].split(":")[0].removeprefix(f"{guard} ")
            kept = {"kept": 1.0, "broken": 0.0, "not computed": None}[said]
            assert metrics.get(f"guard/{guard}_kept") == kept
