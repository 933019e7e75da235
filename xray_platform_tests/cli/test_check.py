"""`xray check` as a user meets it: a line for each file whatever its name, JSON that a program can read, exit codes."""

import json
import os
from pathlib import Path

import pytest

from xray_platform_tests.cli.conftest import Xray
from xray_platform_tests.dicom import hostile, made

ODD_NAMES = ("new\nline.dcm", "\x1b[31mred.dcm", "a:dog:[bold]b.dcm", os.fsdecode(b"M\xfcller.dcm"), "ä ö.dcm")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "sound.dcm").write_bytes(made.file(made.chest(512, 512)))
    (folder / "small.dcm").write_bytes(made.file(made.chest(100, 100), SOPInstanceUID="1.2"))
    for number, name in enumerate(ODD_NAMES):
        (folder / name).write_text(f"no picture {number}")
    (folder / "in.zip").write_bytes(hostile.zipped({"../up.dcm": b"x"}))
    os.mkfifo(folder / "fifo.dcm")
    return folder


def test_json_has_one_object_a_line_for_every_file(xray: Xray, folder: Path) -> None:
    ran = xray("check", folder, "--json")
    records = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0
    assert len(records) == len(ODD_NAMES) + 4
    assert all(list(record) == ["file", "decision", "codes", "reasons"] for record in records)
    said = {record["file"].removeprefix(f"{folder}/"): record for record in records}
    assert said["sound.dcm"] == {"file": f"{folder}/sound.dcm", "decision": "accept", "codes": [], "reasons": []}
    assert said["small.dcm"]["decision"] == "quarantine"
    assert "Q063" in said["small.dcm"]["codes"]
    assert said["in.zip!../up.dcm"]["codes"] == ["Q003"]
    assert {"new\nline.dcm", "\x1b[31mred.dcm", "a:dog:[bold]b.dcm", "ä ö.dcm"} < set(said)


def test_the_screen_has_one_line_for_every_file_and_obeys_no_name(xray: Xray, folder: Path) -> None:
    ran = xray("check", folder)
    lines = ran.out.splitlines()
    assert ran.code == 0
    assert len(lines) == len(ODD_NAMES) + 4
    assert all(line.split()[0] in {"accept", "quarantine", "reject"} for line in lines)
    assert f"accept     {folder}/sound.dcm" in lines
    assert f"reject     {folder}/a:dog:[bold]b.dcm: Q002 neither DICOM nor JPEG nor PNG" in lines
    assert f"reject     {folder}/fifo.dcm: Q003 its bytes are out of reach: it is not a regular file" in lines
    assert "\x1b" not in ran.out
    assert any(r"new\nline.dcm" in line for line in lines)


def test_a_file_that_is_rejected_is_no_failure_of_the_command(xray: Xray, folder: Path) -> None:
    assert xray("check", folder / "fifo.dcm").code == 0


def test_nothing_there_is_wrong_use(xray: Xray, tmp_path: Path) -> None:
    ran = xray("check", tmp_path / "none")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no file or folder" in ran.err


def test_the_help_says_what_the_exit_code_means(xray: Xray) -> None:
    assert "Ends with 0 once every file was judged" in xray("check", "--help").out
