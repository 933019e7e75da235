"""Three classes through the command: from a labels file to a report by class, a board and a prediction that names."""

import json
from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from xray_platform.tables.all import CLASS_SCORES, CLASSES, SCORES
from xray_platform.tables.places import Places
from xray_platform_tests.cli.conftest import Ran, command
from xray_platform_tests.cli.test_pictures import archive
from xray_platform_tests.conftest import KEY

SETTINGS = """
attention_cnn:
  {target: TARGET, recipe: default, tensor_side: 64, width: 8, epochs: 12, patience: 12, batch_size: 8, threads: 1,
   device: cpu, learning_rate: 0.005, ema_decay: 0.0, kept_epoch: best, schedule: cosine}
"""
NAMES = ["normal", "effusion", "opacity"]
MADE = ["attention_cnn", "attention_cnn_scores", "attention_cnn_report", "leaderboard", "champion", "leaderboard_page"]


@pytest.fixture(scope="module", params=["label", "findings"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Places:
    """A store with a network that learnt three classes, by commands alone."""
    root = tmp_path_factory.mktemp("classes") / "store"
    root.mkdir()
    (root / "xray.yaml").write_text(SETTINGS.replace("TARGET", request.param))
    pictures = archive(root.parent / "in", 16, 16, 16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XRAY_KEY", KEY)
        assert command(root, "ingest", pictures).code == 0
        chosen = ",".join(f"key:{name}" for name in ["labels", "splits", "tensors_default_64", *MADE])
        ran = command(root, "run", "--select", chosen)
    assert ran.code == 0, ran.out + ran.err
    return Places(root)


def test_the_table_of_scores_has_each_class_of_each_picture(store: Places) -> None:
    assert list(CLASSES.read(store)["class"]) == NAMES
    rows, scores = CLASS_SCORES.read(store, "attention_cnn"), SCORES.read(store, "attention_cnn")
    assert set(rows["image"]) == set(scores["image"])
    assert all(sorted(of_one) == sorted(NAMES) for _, of_one in rows.groupby("image")["class"])
    assert rows.groupby("image")["present"].sum().eq(1).all()
    assert rows["probability"].between(0, 1).all()
    if "findings" not in store.settings.read_text():
        assert rows.groupby("image")["probability"].sum().to_numpy() == pytest.approx(1, abs=1e-4)


def test_the_report_and_the_board_say_how_good_each_class_is(store: Places) -> None:
    (report,) = store.reports.glob("attention_cnn/*/report.html")
    page = report.read_text()
    for name in NAMES[1:]:
        assert name in page
    assert "attention_cnn" in (store.reports / "leaderboard.html").read_text()


def test_a_prediction_names_a_class_with_its_probability(store: Places) -> None:
    truth = pd.read_csv(store.root.parent / "in" / "labels.csv").set_index("file")["label"].str.lower()
    ran: Ran = command(store.root, "predict", store.root.parent / "in", "--json")
    said = [json.loads(line) for line in ran.out.splitlines()]
    judged = {Path(one["file"]).name: one for one in said if "error" not in one}
    assert set(judged) == set(truth.index)
    for one in judged.values():
        assert [each["class"] for each in one["classes"]] == NAMES
        assert one["model"] == "attention_cnn"
    right = [truth[name] in one["named"] for name, one in judged.items()]
    assert sum(right) / len(right) > 0.6, "chance would be a third"


def test_a_class_has_a_verdict_in_words(store: Places) -> None:
    picture = next((store.root.parent / "in").glob("p40*"))
    ran = command(store.root, "predict", picture)
    assert ran.code == 0
    assert "named: " in ran.out


def test_the_store_tells_how_good_each_class_is(store: Places) -> None:
    """The same figures come out of scikit-learn and the table of scores."""
    ran = command(store.root, "bench", "store", "--json")
    assert ran.code == 0, ran.err
    figures = json.loads(ran.out)
    rows = CLASS_SCORES.read(store, "attention_cnn").query("split == 'test'")
    for name in NAMES:
        of_class = rows[rows["class"] == name]
        expected = roc_auc_score(of_class["present"].astype(bool), of_class["probability"])
        assert figures[f"attention_cnn: class {name}: test auroc"] == pytest.approx(expected)
    assert 0 <= figures["attention_cnn: macro: test auroc"] <= 1
