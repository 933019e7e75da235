"""A search of settings through the command: kept from the test part, taken up with more trials, said in MLflow."""

import pytest

from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform_tests.cli.conftest import command
from xray_platform_tests.cli.test_pictures import archive
from xray_platform_tests.conftest import KEY

MODELS = "pca_residual: {tensor_side: 64}\nattention_cnn: {tensor_side: 64, recipe: default, epochs: 2, width: 8}\n"
SETTINGS = MODELS + "hyperparameter_search: {model: pca_residual, space: rank=1..6, trials: 3}\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Places:
    root = tmp_path_factory.mktemp("search") / "store"
    root.mkdir()
    (root / "xray.yaml").write_text(SETTINGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XRAY_KEY", KEY)
        assert command(root, "ingest", archive(root.parent / "in", 24, 12)).code == 0
        ran = command(root, "run", "--select", "tensors_default_64,labels,splits,hyperparameter_search")
    assert ran.code == 0, ran.out + ran.err
    return Places(root)


def _trials(store: Places) -> list[dict[str, str]]:
    tracking = open_tracking(store)
    runs = tracking.client.search_runs([tracking.experiment_id], "tags.stage = 'searched'", order_by=["start_time ASC"])
    return [{**run.data.tags, **run.data.params, "auroc": str(run.data.metrics.get("val/auroc"))} for run in runs]


def _again(store: Places, search: str, *options: str) -> str:
    (store.root / "xray.yaml").write_text(f"{MODELS}hyperparameter_search: {search}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XRAY_KEY", KEY)
        ran = command(store.root, "run", "--select", "hyperparameter_search", *options)
    assert ran.code == 0 or "search" in ran.out + ran.err, ran.out + ran.err
    return " ".join((ran.out + ran.err).split())


def test_each_trial_is_a_run_below_that_of_the_search_which_names_the_best(store: Places) -> None:
    found = _trials(store)
    (parent,) = (run for run in found if "trial" not in run)
    trials = [run for run in found if "trial" in run]
    assert len(trials) == 3
    assert {run["mlflow.parentRunId"] for run in trials} == {trials[0]["mlflow.parentRunId"]}
    best = max(trials, key=lambda run: float(run["auroc"]))
    assert parent["auroc"] == best["auroc"]
    assert parent["best.rank"] == best["trial.rank"]
    assert all(1 <= int(run["trial.rank"]) <= 6 for run in trials)


def test_more_trials_go_on_from_the_fewer_and_another_space_begins_anew(store: Places) -> None:
    _again(store, "{model: pca_residual, space: rank=1..6, trials: 5}")
    assert sorted(int(run["trial"]) for run in _trials(store) if "trial" in run) == [0, 1, 2, 3, 4]
    _again(store, "{model: pca_residual, space: rank=7|8, trials: 2}")
    others = [run for run in _trials(store) if "trial" in run][5:]
    assert [run["trial"] for run in others] == ["0", "1"]
    assert {run["trial.rank"] for run in others} <= {"7", "8"}


def test_a_networks_trials_tell_of_their_epochs(store: Places) -> None:
    _again(store, "{model: attention_cnn, space: learning_rate=0.001..0.01 log, trials: 2}")
    tracking = open_tracking(store)
    runs = tracking.client.search_runs(
        [tracking.experiment_id], "tags.model = 'attention_cnn' and tags.stage = 'searched'"
    )
    trials = [run for run in runs if "trial" in run.data.tags]
    assert len(trials) == 2
    assert all("epoch/val_auroc" in run.data.metrics for run in trials)


@pytest.mark.parametrize(
    ("search", "says"),
    [
        ("{model: pca_residual, space: wings=1..2}", "pca_residual has no setting 'wings'"),
        ("{model: pca_residual, space: rank=0..5000}", "rank"),
        ("{model: pca_residual, space: tensor_side=64|128}", "tensor_side says what is read"),
        ("{model: attention_cnn, space: clinical_columns=age|sex}", "clinical_columns says what is read"),
        ("{model: ensemble}", "cannot be fitted by itself"),
        ("{model: pca_residual, space: rank}", "search space 'rank'"),
    ],
)
def test_what_cannot_be_is_said_before_the_first_trial(store: Places, search: str, says: str) -> None:
    before = len(_trials(store))
    assert says in _again(store, search)
    assert not [run for run in _trials(store)[before:] if "trial" in run]
