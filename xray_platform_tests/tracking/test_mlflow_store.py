"""The store of runs is set up once, whoever comes, and follows its folder."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from xray_platform.errors import StoreError
from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import Tracking, open_tracking
from xray_platform.tracking.registry import register
from xray_platform.tracking.relocate import ADDRESSES
from xray_platform.tracking.runs import open_run
from xray_platform_tests.tracking.racers import RACERS

ROOT = Path(__file__).resolve().parents[2]


def test_four_processes_may_open_a_fresh_folder_at_once_and_say_nothing(elsewhere: Places) -> None:
    calm = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW", "PYTHONWARN"))}
    program = [sys.executable, "-m", "xray_platform_tests.tracking.racers", str(elsewhere.root)]
    ran = subprocess.run(program, capture_output=True, text=True, check=False, env=calm, cwd=ROOT)
    assert (ran.returncode, ran.stderr) == (0, "")
    came = json.loads(ran.stdout)
    assert len({experiment for experiment, _ in came}) == 1
    assert len({run for _, run in came}) == RACERS
    client = open_tracking(elsewhere).client
    assert {client.get_run(run).info.status for _, run in came} == {"FINISHED"}


def test_the_store_lies_under_mlruns(tracking: Tracking, places: Places) -> None:
    assert (places.mlruns / "mlflow.db").is_file()
    experiment = tracking.client.get_experiment(tracking.experiment_id)
    assert experiment.artifact_location == (places.mlruns / "artifacts").as_uri()
    assert open_tracking(places) == tracking


def test_another_store_may_be_named_in_the_environment(elsewhere: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://reader:secret@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(StoreError, match=r"cannot open the MLflow store http://127\.0\.0\.1:9: ") as raised:
        open_tracking(elsewhere)
    assert "secret" not in str(raised.value)


def test_a_moved_store_finds_its_files(tracking: Tracking, places: Places, elsewhere: Places, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("kept")
    with open_run(tracking, model="moved") as run:
        run.log_file(tmp_path / "note.txt", "notes")
    shutil.copytree(places.root, elsewhere.root)
    moved = open_tracking(elsewhere)
    assert Path(moved.client.download_artifacts(run.run_id, "notes/note.txt")).read_text() == "kept"
    assert str(moved.client.get_run(run.run_id).info.artifact_uri).startswith(elsewhere.mlruns.as_uri())
    assert str(tracking.client.get_run(run.run_id).info.artifact_uri).startswith(places.mlruns.as_uri())


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "mlruns").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match=r"cannot write .*mlruns: File exists"):
        open_tracking(Places(tmp_path))


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "mlruns" / "mlflow.db").write_bytes(b"not a database, but long enough to be taken for one" * 40)
    with pytest.raises(StoreError, match="cannot open the MLflow store sqlite"):
        open_tracking(Places(tmp_path))


def test_the_experiment_says_what_its_runs_are_and_keeps_what_people_wrote(tracking: Tracking, places: Places) -> None:
    said = tracking.client.get_experiment(tracking.experiment_id).tags
    assert "not a medical device" in said["mlflow.note.content"]
    assert said["mlflow.experimentKind"] == "custom_model_development"
    tracking.client.set_experiment_tag(tracking.experiment_id, "mlflow.note.content", "our own words")
    open_tracking(places)
    assert tracking.client.get_experiment(tracking.experiment_id).tags["mlflow.note.content"] == "our own words"


def test_each_column_in_which_mlflow_keeps_an_address_is_known(copy: Tracking, runs: tuple[str, str]) -> None:
    """A moved store has its addresses written anew; a column of a later MLflow would be forgotten without a word."""
    register(copy, runs[0])
    assert copy.artifacts is not None
    found = set()
    with closing(sqlite3.connect(copy.artifacts.with_name("mlflow.db"))) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for _, column, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
                asked = f"SELECT count(*) FROM {table} WHERE {column} LIKE ?"  # noqa: S608 - names of the database itself
                (count,) = connection.execute(asked, (f"{copy.artifacts.as_uri()}%",)).fetchone()
                if count:
                    found.add((table, column))
    assert len(found) >= 4
    assert found <= set(ADDRESSES)
