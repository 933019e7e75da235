"""Models are found by name, the champion by its alias, and what lies there judges as it did."""

import re
import shutil
from pathlib import Path

import mlflow.pyfunc
import numpy as np
import pytest

from xray_platform.errors import DataError, StoreError
from xray_platform.tables.places import Places
from xray_platform.tracking import names, registry
from xray_platform.tracking.experiments import Tracking, open_tracking
from xray_platform.tracking.runs import open_run
from xray_platform_tests.serving.bundles import facts, network, pictures, small_bundle


def evaluated(tracking: Tracking, folder: Path, seed: int) -> str:
    """Train nothing, evaluate nothing, but leave a run with a bundle; return its id."""
    small_bundle(folder, seed)
    with open_run(tracking, model="attention_cnn") as run:
        run.log_bundle(folder, pictures(2))
    return run.run_id


@pytest.fixture(scope="module")
def runs(tracking: Tracking, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Two runs of the same model with other weights."""
    folder = tmp_path_factory.mktemp("bundles")
    return evaluated(tracking, folder / "one", 0), evaluated(tracking, folder / "two", 1)


@pytest.fixture
def copy(tracking: Tracking, runs: tuple[str, str], places: Places, elsewhere: Places) -> Tracking:
    """A copy of the store with its two runs, where nothing is registered yet."""
    shutil.copytree(places.root, elsewhere.root)
    return open_tracking(elsewhere)


def test_without_a_champion_the_way_to_one_is_named(copy: Tracking) -> None:
    assert registry.champion(copy) is None
    with pytest.raises(DataError, match="there is no champion yet; train the models"):
        registry.champion_bundle(copy)


def test_the_champion_is_crowned_displaced_and_crowned_again(copy: Tracking, runs: tuple[str, str]) -> None:
    first, second = runs
    assert registry.crown(copy, first, auroc=0.91).aliases == ("champion",)
    assert registry.crown(copy, first, auroc=0.91).version == "1"
    assert registry.crown(copy, second, auroc=0.93).version == "2"
    held = registry.champion(copy)
    assert held is not None
    assert (held.run_id, held.model, held.version) == (second, "attention_cnn", "2")
    old = copy.client.get_model_version(names.CROWN, "1")
    assert old.aliases == ["challenger"]
    assert {"model": "attention_cnn", "auroc": "0.91", "threshold": repr(facts().threshold.value)}.items() <= (
        old.tags.items()
    )
    assert registry.crown(copy, first).aliases == ("champion",)
    assert copy.client.get_model_version(names.CROWN, "2").aliases == ["challenger"]


def test_a_challenger_is_another_than_the_champion(copy: Tracking, runs: tuple[str, str]) -> None:
    first, second = runs
    registry.crown(copy, first)
    assert registry.challenge(copy, second).aliases == ("challenger",)
    with pytest.raises(DataError, match="cannot challenge itself"):
        registry.challenge(copy, first)


def test_the_champions_folder_holds_the_bundle_that_was_logged(copy: Tracking, runs: tuple[str, str]) -> None:
    registry.crown(copy, runs[1])
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
    registry.crown(copy, runs[0])
    assert registry.model_bundle(copy, "champion") == registry.champion_bundle(copy)


def test_a_model_whose_files_are_gone_is_named(copy: Tracking, runs: tuple[str, str]) -> None:
    registry.crown(copy, runs[0])
    shutil.rmtree(registry.champion_bundle(copy).folder)
    with pytest.raises(StoreError, match=re.escape("the files of xray-champion version 1 are gone from file:///")):
        registry.champion_bundle(copy)


def test_a_run_without_a_bundle_cannot_be_registered(tracking: Tracking) -> None:
    with open_run(tracking, model="m") as run:
        pass
    with pytest.raises(DataError, match=f"run {run.run_id} has logged no bundle"):
        registry.register(tracking, run.run_id)
    with pytest.raises(DataError, match="there is no MLflow run nowhere"):
        registry.crown(tracking, "nowhere")


def test_mlflow_itself_serves_the_bundle_without_pickle(copy: Tracking, runs: tuple[str, str]) -> None:
    registry.crown(copy, runs[0])
    folder = registry.champion_bundle(copy).folder.parents[1]
    assert not [path for path in folder.rglob("*") if path.suffix in {".pkl", ".pickle", ".pt", ".bin"}]
    served = mlflow.pyfunc.load_model(str(folder))
    given = served.predict(pictures(5))
    np.testing.assert_allclose(given["score"], network(0).score(pictures(5)), rtol=1e-5)
    assert set(given["verdict"]) <= {"normal", "abnormal"}
    assert served.metadata.signature.inputs.inputs[0].shape == (-1, 32, 32)
    assert "torch==" in (folder / "requirements.txt").read_text()


def test_the_logged_model_knows_its_threshold(tracking: Tracking, runs: tuple[str, str]) -> None:
    model_id = tracking.client.get_run(runs[0]).data.tags["xray.model_id"]
    logged = tracking.client.get_logged_model(model_id)
    assert logged.status == "READY"
    assert float(logged.params["threshold"]) == facts().threshold.value
    assert logged.source_run_id == runs[0]


def test_the_logged_model_shows_the_last_metrics_of_its_run(tracking: Tracking, tmp_path: Path) -> None:
    small_bundle(tmp_path / "bundle")
    with open_run(tracking, model="attention_cnn") as run:
        run.log_epoch(0, {"loss": 2.0})
        run.log_epoch(1, {"loss": 1.0})
        logged = run.log_bundle(tmp_path / "bundle", pictures(0))
        assert run.log_bundle(tmp_path / "bundle", pictures(0)) == logged
    metrics = tracking.client.get_logged_model(logged.model_id).metrics
    assert [(metric.key, metric.value, metric.step) for metric in metrics or []] == [("loss", 1.0, 1)]
    history = tracking.client.get_metric_history(run.run_id, "loss")
    assert [(metric.step, metric.value) for metric in history] == [(0, 2.0), (1, 1.0)]
