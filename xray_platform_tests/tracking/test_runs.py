"""A run holds all that made a model, also when it is taken up again, and says how it ended."""

import json
import math
import os
from pathlib import Path

import matplotlib.figure
import numpy as np
import pandas as pd
import pytest
from mlflow.entities import Run

from xray_platform.errors import DataError
from xray_platform.tracking.links import run_url
from xray_platform.tracking.mlflow_store import Tracking
from xray_platform.tracking.runs import fail_runs, open_run
from xray_platform_tests.serving.bundles import facts


def stored(tracking: Tracking, run_id: str) -> Run:
    return tracking.client.get_run(run_id)


def test_training_logs_and_evaluation_goes_on_in_the_same_run(tracking: Tracking) -> None:
    with open_run(tracking, model="attention_cnn", dagster_run_id="d-1", asset_key="attention_cnn") as run:
        run.log_parameters({"training": {"epochs": 2, "rate": 1e-3}, "note": "small"})
        for epoch in range(3):
            run.log_epoch(epoch, {"loss": 1 / (epoch + 1), "val_auroc": 0.5 + epoch / 10})
    with open_run(tracking, model="attention_cnn", run_id=run.run_id, tags={"stage": "evaluated"}) as again:
        again.log_metrics({"test/auroc": 0.9})
        again.log_thresholds(youden=facts().threshold)
    data = stored(tracking, run.run_id).data
    assert data.params == {"training.epochs": "2", "training.rate": "0.001", "note": "small"}
    assert data.metrics["test/auroc"] == 0.9
    assert data.metrics["threshold/youden"] == pytest.approx(facts().threshold.value)
    assert data.tags["threshold.youden.explanation"] == facts().threshold.explanation
    wanted = {"dagster.run_id": "d-1", "dagster.asset_key": "attention_cnn", "stage": "evaluated"}
    assert wanted.items() <= data.tags.items()
    losses = tracking.client.get_metric_history(run.run_id, "epoch/loss")
    assert [(metric.step, metric.value) for metric in losses] == [(0, 1.0), (1, 0.5), (2, pytest.approx(1 / 3))]
    assert stored(tracking, run.run_id).info.status == "FINISHED"
    assert again.link.run_id == run.link.run_id
    assert run.link.url == run_url(tracking.experiment_id, run.run_id, "http://127.0.0.1:5000")


def test_a_threshold_may_be_chosen_anew_but_a_parameter_stays(tracking: Tracking) -> None:
    with open_run(tracking, model="m") as run:
        run.log_parameters({"epochs": 2})
        run.log_thresholds(chosen=facts().threshold)
    with open_run(tracking, model="m", run_id=run.run_id) as run:
        run.log_parameters({"epochs": 2})
        run.log_thresholds(chosen=facts().threshold.model_copy(update={"value": 7.0}))
        with pytest.raises(DataError, match="parameters of a run are written once"):
            run.log_parameters({"epochs": 3})
    assert stored(tracking, run.run_id).data.metrics["threshold/chosen"] == 7.0


def test_a_failed_run_says_so_without_the_text_of_the_error(tracking: Tracking) -> None:
    with pytest.raises(DataError), open_run(tracking, model="m") as run:
        raise DataError("no normals for JANE^DOE")
    failed = stored(tracking, run.run_id)
    assert failed.info.status == "FAILED"
    assert failed.data.tags["xray.failure"] == "DataError"
    assert "JANE" not in json.dumps(failed.to_dictionary())


def test_a_failed_run_that_is_done_again_is_whole(tracking: Tracking) -> None:
    with pytest.raises(KeyboardInterrupt), open_run(tracking, model="m") as run:
        raise KeyboardInterrupt
    with open_run(tracking, model="m", run_id=run.run_id):
        assert stored(tracking, run.run_id).info.status == "RUNNING"
    again = stored(tracking, run.run_id)
    assert again.info.status == "FINISHED"
    assert "xray.failure" not in again.data.tags


def test_what_a_killed_process_left_running_is_marked(tracking: Tracking) -> None:
    with pytest.raises(SystemExit), open_run(tracking, model="m", dagster_run_id="killed") as run:
        raise SystemExit
    tracking.client.update_run(run.run_id, status="RUNNING")
    with open_run(tracking, model="m", dagster_run_id="alive") as other:
        assert fail_runs(tracking, "killed") == [run.run_id]
        assert stored(tracking, run.run_id).info.status == "FAILED"
        assert stored(tracking, other.run_id).info.status == "RUNNING"
    assert fail_runs(tracking, "killed") == []


def test_a_run_that_is_not_there_cannot_be_taken_up(tracking: Tracking) -> None:
    with (
        pytest.raises(DataError, match=r"there is no MLflow run 0{32}"),
        open_run(tracking, model="m", run_id="0" * 32),
    ):
        pytest.fail("the block must not begin")


def test_numbers_that_are_none_are_left_out(tracking: Tracking) -> None:
    with open_run(tracking, model="m") as run:
        run.log_metrics({"good": 0.25, "none": math.nan, "endless": math.inf})
    assert stored(tracking, run.run_id).data.metrics == {"good": 0.25}


def test_many_parameters_and_metrics_fit(tracking: Tracking) -> None:
    with open_run(tracking, model="m") as run:
        run.log_parameters({f"p{i}": i for i in range(150)})
        run.log_metrics({f"m{i}": i for i in range(1100)})
    data = stored(tracking, run.run_id).data
    assert (len(data.params), len(data.metrics)) == (150, 1100)


def test_datasets_are_named_with_digest_columns_and_part(tracking: Tracking) -> None:
    frame = pd.DataFrame({"image": ["a", "b"], "abnormal": [True, False], "row": [0, 1], "age_years": [3.5, None]})
    with open_run(tracking, model="m") as run:
        run.log_dataset("splits", frame, "f" * 64, "training", source="data/tables/splits")
        run.log_dataset("splits", frame.head(1), "e" * 64, "test")
    inputs = stored(tracking, run.run_id).inputs
    assert inputs is not None
    entries = inputs.dataset_inputs
    assert {entry.tags[0].value: entry.dataset.digest for entry in entries} == {"training": "f" * 36, "test": "e" * 36}
    described = next(entry.dataset for entry in entries if entry.tags[0].value == "training")
    columns = json.loads(str(described.schema))["mlflow_colspec"]
    assert [column["type"] for column in columns] == ["string", "boolean", "long", "double"]
    assert json.loads(str(described.profile))["num_rows"] == 2


def test_figures_and_folders_are_kept(tracking: Tracking, tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "metrics.json").write_text("{}")
    figure = matplotlib.figure.Figure()
    figure.subplots().plot(np.arange(3))
    with open_run(tracking, model="m") as run:
        run.log_figure("roc.png", figure)
        run.log_folder(tmp_path, "report")
    assert Path(tracking.client.download_artifacts(run.run_id, "figures/roc.png")).read_bytes()[:4] == b"\x89PNG"
    assert Path(tracking.client.download_artifacts(run.run_id, "report/metrics/metrics.json")).is_file()


def test_the_global_state_of_mlflow_is_left_alone(tracking: Tracking) -> None:
    with open_run(tracking, model="m") as run:
        run.log_parameters({"a": 1})
    assert "MLFLOW_TRACKING_URI" not in os.environ
