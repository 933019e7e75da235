"""Models are found by name, the champion by its alias, and what lies there judges as it did."""

import base64
import json
import re
import shutil
from pathlib import Path
from typing import Any

import cv2
import mlflow.pyfunc
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from xray_platform.errors import DataError, StoreError
from xray_platform.serving.predict import Predictor
from xray_platform.tracking import registry
from xray_platform.tracking.example import example_picture
from xray_platform.tracking.mlflow_store import Tracking
from xray_platform.tracking.runs import open_run
from xray_platform_tests.serving.bundles import facts, small_bundle
from xray_platform_tests.tracking.champions import promoted


def test_the_champions_folder_holds_the_bundle_that_was_logged(copy: Tracking, runs: tuple[str, str]) -> None:
    promoted(copy, runs[1])
    opened = registry.champion_bundle(copy)
    assert copy.artifacts is not None
    assert opened.folder.is_relative_to(copy.artifacts)
    assert opened.id == copy.client.get_run(runs[1]).data.tags["xray.bundle"]
    assert opened.facts == facts()


def test_models_are_found_by_name_the_newest_first(copy: Tracking, runs: tuple[str, str]) -> None:
    with pytest.raises(DataError, match="there is no model 'attention_cnn'; there are: none is trained yet"):
        registry.model_bundle(copy, "attention_cnn")
    registry.register(copy, runs[0])
    assert registry.register(copy, runs[1]).version == "2"
    assert registry.register(copy, runs[1], tags={"auroc": 0.5}).version == "2"
    assert registry.model_names(copy) == ["attention_cnn"]
    wanted = copy.client.get_run(runs[1]).data.tags["xray.bundle"]
    assert registry.model_bundle(copy, "attention_cnn").id == wanted
    with pytest.raises(DataError, match="there is no model 'padim'; there are: attention_cnn"):
        registry.model_bundle(copy, "padim")


def test_champion_is_a_name_like_any_other(copy: Tracking, runs: tuple[str, str]) -> None:
    promoted(copy, runs[0])
    assert registry.model_bundle(copy, "champion") == registry.champion_bundle(copy)


def test_a_model_whose_files_are_gone_is_named(copy: Tracking, runs: tuple[str, str]) -> None:
    promoted(copy, runs[0])
    shutil.rmtree(registry.champion_bundle(copy).folder)
    with pytest.raises(StoreError, match=re.escape("the files of xray-champion version 1 are gone from file:///")):
        registry.champion_bundle(copy)


def test_a_run_without_a_bundle_cannot_be_registered(tracking: Tracking) -> None:
    with open_run(tracking, model="m") as run:
        pass
    with pytest.raises(DataError, match=f"run {run.run_id} has logged no bundle"):
        registry.register(tracking, run.run_id)
    with pytest.raises(DataError, match="there is no MLflow run nowhere"):
        promoted(tracking, "nowhere")


def test_mlflow_itself_judges_files_as_they_are_without_pickle(copy: Tracking, runs: tuple[str, str]) -> None:
    promoted(copy, runs[0])
    folder = registry.champion_bundle(copy).folder.parents[1]
    assert not [path for path in folder.rglob("*") if path.suffix in {".pkl", ".pickle", ".pt"}]
    served = mlflow.pyfunc.load_model(str(folder))
    given = served.predict(pd.DataFrame({"picture": [example_picture(), b"no picture", b""]}))
    expected = Predictor.load(registry.champion_bundle(copy).folder).predict(example_picture())
    assert given["score"][0] == pytest.approx(expected.score, rel=1e-5)
    assert given["verdict"][0] == expected.verdict
    assert given["error"][0] is None
    assert "256 pixels" in given["warnings"][0]
    assert given["score"][1:].isna().all()
    assert all(given["error"][1:])
    assert given["model"].tolist() == ["attention_cnn"] * 3
    assert given["threshold"][0] == expected.threshold
    assert given["bundle"][1] == registry.champion_bundle(copy).id
    assert given["heatmap"].isna().all()
    assert [spec.name for spec in served.metadata.signature.inputs.inputs] == ["picture", "pixels"]
    assert "torch==" in (folder / "requirements.txt").read_text()


def _decoded(png: bytes) -> npt.NDArray[np.integer[Any]]:
    found = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert found is not None
    return np.asarray(found, np.uint8)


def test_mlflow_itself_judges_arrays_and_shows_where_it_looked(copy: Tracking, runs: tuple[str, str]) -> None:
    promoted(copy, runs[0])
    served = mlflow.pyfunc.load_model(str(registry.champion_bundle(copy).folder.parents[1]))
    pixels = _decoded(example_picture()).astype(np.int64)
    given = served.predict(pd.DataFrame({"pixels": [pixels * 257, pixels - 256]}), params={"heatmap": True})
    expected = served.predict(pd.DataFrame({"picture": [example_picture()]}))
    assert given["score"][0] == pytest.approx(expected["score"][0], abs=1e-3)
    assert _decoded(base64.b64decode(given["heatmap"][0])).shape == pixels.shape
    assert given["heatmap_low"][0] < given["heatmap_high"][0]
    assert "whole numbers 0 to 65535 are allowed" in given["error"][1]


def test_what_the_model_takes_is_shown_by_a_file_that_it_judges(copy: Tracking, runs: tuple[str, str]) -> None:
    """The way of a client: base64 text in `dataframe_split`, as the model page shows it."""
    promoted(copy, runs[0])
    folder = registry.champion_bundle(copy).folder.parents[1]
    shown = json.loads((folder / "serving_input_example.json").read_text())
    assert shown["dataframe_split"]["columns"] == ["picture"]
    assert base64.b64decode(shown["dataframe_split"]["data"][0][0]) == example_picture()


def test_the_logged_model_knows_its_settings_and_threshold(tracking: Tracking, tmp_path: Path) -> None:
    small_bundle(tmp_path / "bundle")
    with open_run(tracking, model="attention_cnn", tags={"origin": "phantom"}) as run:
        run.log_parameters({"training": {"epochs": 3}})
        model_id = run.log_bundle(tmp_path / "bundle").model_id
    logged = tracking.client.get_logged_model(model_id)
    assert logged.status == "READY"
    assert float(logged.params["threshold"]) == facts().threshold.value
    assert logged.params["training.epochs"] == "3"
    assert logged.tags["origin"] == "phantom"
    assert logged.source_run_id == run.run_id


def test_the_logged_model_has_its_runs_figures_with_the_data_that_they_were_measured_on(
    tracking: Tracking, tmp_path: Path
) -> None:
    small_bundle(tmp_path / "bundle")
    pictures = pd.DataFrame({"image": ["a"], "abnormal": [True]})
    with open_run(tracking, model="attention_cnn") as run:
        run.log_epoch(0, {"val_auroc": 0.98})
        run.log_epoch(1, {"val_auroc": 0.99})
        run.log_dataset("val_pictures", pictures, "c0ffee", "validation")
        run.log_metrics({"val/auroc": 0.995, "training/seconds": 4.0})
        logged = run.log_bundle(tmp_path / "bundle")
        assert run.log_bundle(tmp_path / "bundle") == logged
    metrics = tracking.client.get_logged_model(logged.model_id).metrics or []
    assert {(metric.key, metric.value, metric.dataset_name, metric.dataset_digest) for metric in metrics} == {
        ("val/auroc", 0.995, "val_pictures", "c0ffee"),
        ("training/seconds", 4.0, None, None),
    }
    history = tracking.client.get_metric_history(run.run_id, "epoch/val_auroc")
    assert [(metric.step, metric.value) for metric in history] == [(0, 0.98), (1, 0.99)]


def test_the_current_version_is_the_one_that_was_reported_last(copy: Tracking, runs: tuple[str, str]) -> None:
    registry.register(copy, runs[0], kind="what it is", description="how good the first is")
    registry.register(copy, runs[1])
    registry.register(copy, runs[0], description="how good the first is, once more")
    assert str(registry.current_version(copy, "attention_cnn").version) == "1"
    assert registry.model_bundle(copy, "attention_cnn").id == copy.client.get_run(runs[0]).data.tags["xray.bundle"]
    assert copy.client.get_registered_model("xray-attention_cnn").description == "what it is"
    assert copy.client.get_model_version("xray-attention_cnn", "1").description == "how good the first is, once more"
