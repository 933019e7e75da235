"""Check: one record for every file of whatever it is given, in order, and nothing is stored."""

import os
from pathlib import Path

import numpy as np
import pytest

from xray_platform.dicom.quality import check as module
from xray_platform.dicom.quality.check import check
from xray_platform.errors import InputError
from xray_platform_tests.dicom import made
from xray_platform_tests.dicom.hostile import zipped

SOUND = made.file(made.chest(512, 512))


def decisions(path: Path) -> dict[str, str]:
    return {Path(record.file).name: record.decision for record in check(path)}


def test_a_folder_has_a_record_a_file_in_order(tmp_path: Path) -> None:
    for name, data in {"b/2.dcm": SOUND[:-9], "a.dcm": SOUND, "c.txt": b"no picture"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    before = sorted(tmp_path.rglob("*"))
    records = list(check(tmp_path))
    assert [record.file for record in records] == [str(tmp_path / name) for name in ("a.dcm", "c.txt", "b/2.dcm")]
    assert [record.decision for record in records] == ["accept", "reject", "reject"]
    assert [record.codes for record in records] == [(), ("Q002",), ("Q004",)]
    assert all(len(record.codes) == len(record.reasons) for record in records)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_single_file_of_any_kind_has_a_record(tmp_path: Path) -> None:
    (tmp_path / "x.dcm").write_bytes(SOUND)
    os.mkfifo(tmp_path / "pipe")
    assert decisions(tmp_path / "x.dcm") == {"x.dcm": "accept"}
    assert decisions(tmp_path / "pipe") == {"pipe": "reject"}


def test_members_of_an_archive_are_named_after_it(tmp_path: Path) -> None:
    path = tmp_path / "in.zip"
    path.write_bytes(zipped({"a/1.dcm": SOUND, "../2.dcm": SOUND}))
    first, second = check(path)
    assert (first.file, first.decision) == (f"{path}!a/1.dcm", "accept")
    assert second.decision == "reject"
    assert "leads out of the archive" in second.reasons[0]


def test_the_same_bytes_are_told_of_the_second(tmp_path: Path) -> None:
    for name in ("a.dcm", "b.dcm"):
        (tmp_path / name).write_bytes(SOUND)
    first, second = check(tmp_path)
    assert first.codes == ()
    assert (second.codes, second.decision) == (("Q080",), "accept")
    assert second.reasons == (f"the same bytes as {tmp_path / 'a.dcm'}",)


def test_a_conflict_of_identifiers_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(SOUND)
    (tmp_path / "b.dcm").write_bytes(made.file(np.ascontiguousarray(made.chest(512, 512)[::2, ::2]), PatientID="18"))
    _, second = check(tmp_path)
    assert {"Q081", "Q085"} < set(second.codes)
    assert second.decision == "quarantine"


def test_what_is_rejected_is_nobodys_original(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(made.file(made.chest(512, 512), Modality="CT"))
    (tmp_path / "b.dcm").write_bytes(SOUND)
    assert decisions(tmp_path) == {"a.dcm": "reject", "b.dcm": "accept"}


def test_more_files_than_go_at_once_keep_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 3)
    for number in range(8):
        (tmp_path / f"{number}.txt").write_text(f"text {number}")
    said: list[tuple[int, int, str]] = []
    records = list(check(tmp_path, progress=lambda *now: said.append(now)))
    assert [Path(record.file).stem for record in records] == list("01234567")
    assert [done for done, _, _ in said] == list(range(1, 9))


def test_an_empty_folder_has_no_record(tmp_path: Path) -> None:
    assert list(check(tmp_path)) == []


def test_nothing_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file or folder"):
        list(check(tmp_path / "none"))
