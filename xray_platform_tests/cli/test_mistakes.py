"""Each mistake gets one clear line and an exit code, and leaves the store as it was."""

import shutil
import socket
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from xray_platform import __version__
from xray_platform.cli import session, ui
from xray_platform_tests.cli.conftest import Xray


def pictures(folder: Path, names: list[str]) -> Path:
    folder.mkdir()
    for number, name in enumerate(names):
        noise = np.random.default_rng(number).integers(0, 255, (64, 64)).astype(np.uint8)
        cv2.imwrite(str(folder / name), noise)
    return folder


def test_the_version(xray: Xray) -> None:
    ran = xray("--version")
    assert (ran.code, ran.out.strip()) == (0, f"xray {__version__}")


def test_help_names_every_command(xray: Xray) -> None:
    ran = xray("--help")
    assert ran.code == 0
    for name in ("demo", "ingest", "run", "ui", "predict", "bench", "status"):
        assert name in ran.out


def test_an_unknown_option_is_wrong_use(xray: Xray) -> None:
    assert xray("run", "--fast").code == 2


def test_a_folder_that_is_not_there(xray: Xray, tmp_path: Path) -> None:
    ran = xray("ingest", tmp_path / "nowhere")
    assert ran.code == 2
    assert "there is no file or folder" in ran.err


def test_a_folder_without_files(xray: Xray, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = xray("ingest", tmp_path / "empty")
    assert ran.code == 2
    assert "holds no files" in ran.err


def test_a_labels_file_without_the_column(xray: Xray, tmp_path: Path) -> None:
    folder = pictures(tmp_path / "in", ["a.png"])
    labels = tmp_path / "labels.csv"
    labels.write_text("file,finding\na.png,normal\n")
    ran = xray("ingest", folder, "--labels", labels)
    assert ran.code == 2
    assert "label" in ran.err
    assert "finding" in ran.err
    assert not (tmp_path / "store" / "data" / "raw" / "plans").exists()


def test_a_labels_file_that_names_a_missing_picture(xray: Xray, tmp_path: Path) -> None:
    folder = pictures(tmp_path / "in", ["a.png"])
    labels = tmp_path / "labels.csv"
    labels.write_text("file,label\na.png,normal\nb.png,normal\n")
    ran = xray("ingest", folder, "--labels", labels)
    assert ran.code == 2
    assert "names 1 files that are not there: b.png" in ran.err


def test_a_run_without_pictures(xray: Xray, tmp_path: Path) -> None:
    (tmp_path / "store" / "data" / ".dagster").mkdir(parents=True)
    ran = xray("run")
    assert ran.code == 1
    assert "holds no images yet" in ran.err


def test_an_unknown_group_and_selection(xray: Xray, tmp_path: Path) -> None:
    folder = pictures(tmp_path / "in", ["a.png"])
    from xray_platform.dicom.intake.batch_plan import plan_batches
    from xray_platform.tables.places import Places

    plan_batches(Places(tmp_path / "store"), folder)
    ran = xray("run", "--group", "magic")
    assert ran.code == 2
    groups = "archive, detectors, ensembles, evaluation, imaging, networks, predictions"
    assert f"unknown group magic; allowed: {groups}" in ran.err
    assert "cannot understand the selection 'magic'; there are raw_archive, " in xray("run", "--select", "magic").err


def test_a_prediction_without_a_champion(xray: Xray, tmp_path: Path) -> None:
    (tmp_path / "store" / "data" / "raw").mkdir(parents=True)
    ran = xray("predict", pictures(tmp_path / "in", ["a.png"]))
    assert ran.code == 1
    assert "there is no champion yet" in ran.err
    ran = xray("predict", tmp_path / "in", "--model", "magic")
    assert ran.code == 2
    assert "there is no model 'magic'; there are: none is trained yet" in ran.err


def test_an_unknown_benchmark(xray: Xray) -> None:
    ran = xray("bench", "magic")
    assert ran.code == 2
    assert "there are" in ran.err


def test_a_port_in_use(xray: Xray) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = xray("ui", "--dagster-port", port)
    assert ran.code == 1
    assert f"port {port} for Dagster is in use" in ran.err
    assert "--dagster-port" in ran.err


def test_a_second_command_on_the_same_store(xray: Xray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRAY_ROOT", str(tmp_path / "store"))
    with session.opened_store():
        ran = xray("run")
        looked = xray("status")
    assert ran.code == 1
    assert "another xray command is at work" in ran.err
    assert looked.code == 0, "who only looks need not wait"


def test_a_full_disk(xray: Xray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Space(NamedTuple):
        f_bavail: int = 10
        f_frsize: int = 4096

    monkeypatch.setattr("os.statvfs", lambda _: Space())
    ran = xray("ingest", pictures(tmp_path / "in", ["a.png"]))
    assert ran.code == 1
    assert "0 MB free" in ran.err


def test_a_root_that_cannot_be_written(xray: Xray, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = xray("ingest", pictures(tmp_path / "in", ["a.png"]), root=tmp_path / "file")
    assert ran.code == 1
    assert "cannot write to" in ran.err
    assert "--root" in ran.err


def test_a_program_that_ends_at_once_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from xray_platform.errors import MachineError
    from xray_platform.tables.places import Places

    service = ui.Service("the test service", [str(shutil.which("false"))], {}, "http://127.0.0.1:1/")
    process = ui._start(Places(tmp_path), service)
    process.wait()
    with pytest.raises(MachineError, match="the test service ended with 1"):
        ui._await(service, process)


def test_a_benchmark_without_its_data(xray: Xray) -> None:
    ran = xray("bench", "look")
    assert ran.code == 2
    assert "look needs --data: folders of sound frontal pictures" in ran.err


def test_an_unknown_lesson(xray: Xray, tmp_path: Path) -> None:
    ran = xray("teach", "magic", str(tmp_path))
    assert ran.code == 2
    assert "nothing is called 'magic'; there are look, restorer" in ran.err


def test_a_folder_without_writing_for_what_learns_nothing_from_it(xray: Xray, tmp_path: Path) -> None:
    ran = xray("teach", "look", str(tmp_path), "--without-text", str(tmp_path))
    assert ran.code == 2
    assert "--without-text is for `text`; look learns nothing from it" in ran.err
