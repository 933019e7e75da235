"""Cross-validation through the command: asked for by name, kept from the test part, taken up where it was ended."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from xray_platform.tables.all import CROSS_VALIDATION, SPLITS
from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform_tests.cli.conftest import command
from xray_platform_tests.cli.test_pictures import archive
from xray_platform_tests.conftest import KEY

SETTINGS = """
pca_residual: {tensor_side: 64, rank: 2}
cross_validation: {model: pca_residual, folds: 3}
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Places:
    root = tmp_path_factory.mktemp("folds") / "store"
    root.mkdir()
    (root / "xray.yaml").write_text(SETTINGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XRAY_KEY", KEY)
        assert command(root, "ingest", archive(root.parent / "in", 20, 12)).code == 0
        chosen = "tensors_default_64,labels,splits,pca_residual,cross_validation"
        ran = command(root, "run", "--select", chosen)
    assert ran.code == 0, ran.out + ran.err
    return Places(root)


def test_each_picture_but_those_of_the_test_part_is_judged_once(store: Places) -> None:
    rows, splits = CROSS_VALIDATION.read(store), SPLITS.read(store)
    kept = rows[rows["split"] == "test"]
    assert sorted(kept["image"]) == sorted(splits.loc[splits["split"] != "test", "image"])
    for _, fold in rows.groupby("fold"):
        assert not set(fold.loc[fold["split"] == "test", "subject"]) & set(fold.loc[fold["split"] == "val", "subject"])


def test_mlflow_has_a_run_with_one_below_it_for_each_fold(store: Places) -> None:
    tracking = open_tracking(store)
    runs = tracking.client.search_runs([tracking.experiment_id], "tags.stage = 'cross-validated'")
    parents = [run for run in runs if "fold" not in run.data.tags]
    assert (len(parents), len(runs)) == (1, 4)
    rows = CROSS_VALIDATION.read(store)
    areas = [
        roc_auc_score(fold["abnormal"].astype(bool), fold["score"])
        for _, fold in rows[rows["split"] == "test"].groupby("fold")
    ]
    assert parents[0].data.metrics["auroc mean"] == pytest.approx(np.mean(areas))
    assert parents[0].data.metrics["auroc deviation"] == pytest.approx(np.std(areas, ddof=1))


def test_a_fold_that_is_done_is_not_done_again(store: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRAY_KEY", KEY)
    before = CROSS_VALIDATION.read(store)
    CROSS_VALIDATION.path(store, "pca_residual-2").unlink()  # as if it had been ended in the second fold
    ran = command(store.root, "run", "--select", "cross_validation", "--force")
    assert ran.code == 0, ran.out + ran.err
    after = CROSS_VALIDATION.read(store)
    same = before["run"].to_numpy() == after["run"].to_numpy()
    assert set(after.loc[same, "fold"]) == {1, 3}
    assert set(after.loc[~same, "fold"]) == {2}
    assert before["score"].to_numpy() == pytest.approx(after["score"].to_numpy())


def test_nobody_is_made_to_wait_for_it(store: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRAY_KEY", KEY)
    ran = command(store.root, "status")
    assert "cross_validation" not in ran.out.split("pending:")[1]


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("{model: ensemble}", "cannot be fitted by itself"),
        ("{model: pca_residual, folds: 20}", "20 folds need as many"),
    ],
)
def test_what_cannot_be_is_said(store: Places, monkeypatch: pytest.MonkeyPatch, setting: str, says: str) -> None:
    monkeypatch.setenv("XRAY_KEY", KEY)
    settings = Path(store.settings)
    before = settings.read_text()
    settings.write_text(f"pca_residual: {{tensor_side: 64, rank: 2}}\ncross_validation: {setting}\n")
    ran = command(store.root, "run", "--select", "cross_validation")
    settings.write_text(before)
    assert ran.code != 0
    assert says in " ".join((ran.out + ran.err).split())
