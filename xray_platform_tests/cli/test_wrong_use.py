"""Wrong use ends every command with 2 and one line that says what is wrong, and leaves nothing behind."""

from pathlib import Path

import pytest

from xray_platform_tests.cli.conftest import Xray

# GONE is a path that leads nowhere, EMPTY a folder without files, FILE a text file, OUT a place to write to.
WRONG = {
    "an unknown command": "magic",
    "demo: too few pictures": "demo --pictures 3",
    "demo: a word too many": "demo more",
    "ingest: no path": "ingest",
    "ingest: a path that leads nowhere": "ingest GONE",
    "ingest: an empty folder": "ingest EMPTY",
    "ingest: labels that are not there": "ingest FILE --labels GONE",
    "ingest: labels that are a folder": "ingest FILE --labels EMPTY",
    "ingest: a word for normal without labels": "ingest FILE --normal healthy",
    "run: an unknown option": "run --fast",
    "run: no store": "run",
    "settings: an unknown asset": "settings magic",
    "settings: an unknown option": "settings --all",
    "ui: a port that is none": "ui --dagster-port 0",
    "ui: one port for both": "ui --dagster-port 4444 --mlflow-port 4444",
    "predict: no path": "predict",
    "predict: a path that leads nowhere": "predict FILE GONE",
    "predict: an empty folder": "predict EMPTY",
    "predict: no store": "predict FILE",
    "predict: a digest that is none": "predict FILE --digest 12",
    "predict: a bundle that is not there": "predict FILE --bundle GONE",
    "predict: a model and a bundle": "predict FILE --bundle EMPTY --model pca_residual",
    "predict: an age that is none": "predict FILE --age old",
    "predict: a table that is not there": "predict FILE --clinical GONE",
    "predict: a table that is a folder": "predict FILE --clinical EMPTY",
    "promote: no store": "promote challenger",
    "status: no store": "status",
    "status: a word too many": "status more",
    "check: a path that leads nowhere": "check GONE",
    "check: an empty folder": "check EMPTY",
    "deidentify: nothing": "deidentify",
    "deidentify: no target": "deidentify FILE",
    "deidentify: a path that leads nowhere": "deidentify GONE OUT",
    "deidentify: an empty folder": "deidentify EMPTY OUT",
    "restore: no target": "restore EMPTY",
    "restore: a path that leads nowhere": "restore GONE OUT",
    "restore: a file": "restore FILE OUT",
    "restore: an empty folder": "restore EMPTY OUT",
    "export: no target": "export",
    "export: no store": "export OUT",
    "export: a side that is none": "export OUT --side many",
    "verify: no store": "verify",
    "verify: an unknown option": "verify --harder",
    "bench: an unknown name": "bench magic",
    "bench: data that are needed": "bench look",
    "bench: data that are not there": "bench look --data GONE",
    "bench: records that are not there": "bench --page GONE",
    "teach: an unknown name": "teach magic EMPTY",
    "teach: no data": "teach look",
    "teach: data that are not there": "teach look GONE",
}


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG.keys())
def test_wrong_use_is_told_and_makes_nothing(
    xray: Xray, tmp_path: Path, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    home = tmp_path / "home"
    (home / "empty").mkdir(parents=True)
    (home / "file.txt").write_text("no picture")
    stands_for = {"GONE": home / "gone", "EMPTY": home / "empty", "FILE": home / "file.txt", "OUT": home / "out"}
    before = sorted(home.rglob("*"))
    ran = xray(*(stands_for.get(word, word) for word in words.split()), root=home / "store")
    assert ran.code == 2, (ran.out, ran.err)
    assert ran.err.strip()
    assert "Traceback" not in ran.err
    assert sorted(home.rglob("*")) == before


@pytest.mark.parametrize("command", ["status", "verify"])
def test_a_root_that_is_no_store_is_named(xray: Xray, tmp_path: Path, command: str) -> None:
    (tmp_path / "store" / "data").mkdir(parents=True)  # as in a fresh checkout
    ran = xray(command)
    assert ran.code == 2
    assert f"{tmp_path / 'store'} holds no store" in ran.err
    assert "xray ingest PATH" in ran.err
    assert list((tmp_path / "store").rglob("*")) == [tmp_path / "store" / "data"]
