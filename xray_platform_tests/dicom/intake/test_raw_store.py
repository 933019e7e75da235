"""The raw archive: bytes kept as they are, once, read-only, with a whole journal, whatever interrupts the intake."""

import errno
import os
import sqlite3
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from xray_platform.dicom.intake import hash_copy, index, journal, open_beneath, raw_store, safe_open
from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.dicom.intake.raw_store import raw_path, take_in
from xray_platform.dicom.intake.verify import verify
from xray_platform.errors import StoreError
from xray_platform.tables.all import CATALOGUE
from xray_platform.tables.places import Places


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for number in range(14):
        content = b"the same" if number % 5 == 0 else os.urandom(50 + 3000 * number)
        (folder / f"{number:02d}.dcm").write_bytes(content)
    return folder


def intake(places: Places, source: Path) -> pd.DataFrame:
    frames = []
    for plan in plan_batches(places, source):
        frame = take_in(places, plan)
        CATALOGUE.write(places, frame, plan.batch)
        frames.append(frame)
    return pd.concat(frames) if frames else CATALOGUE.frame([])


def test_bytes_are_kept_as_they_are_once_and_read_only(places: Places, source: Path) -> None:
    frame = intake(places, source)
    for row in frame.to_dict("records"):
        kept = raw_path(places, row["sha256"])
        assert kept.read_bytes() == Path(row["source"]).read_bytes()
        assert stat.S_IMODE(kept.stat().st_mode) == 0o400
    assert list(frame["intake"]) == ["stored"] * 5 + ["known"] + ["stored"] * 4 + ["known"] + ["stored"] * 3
    assert verify(places) == []


def test_a_second_intake_of_the_same_plan_reads_nothing_and_says_the_same(
    places: Places, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (plan,) = plan_batches(places, source)
    first = take_in(places, plan)
    before = journal.journal_path(places).read_bytes()
    monkeypatch.setattr(raw_store, "copy", lambda *_: pytest.fail("a source was read again"))
    pd.testing.assert_frame_equal(take_in(places, plan), first)
    assert journal.journal_path(places).read_bytes() == before


def test_known_bytes_under_another_name_are_not_stored_again(places: Places, source: Path) -> None:
    intake(places, source)
    (source / "copy.dcm").write_bytes((source / "01.dcm").read_bytes())
    assert list(intake(places, source)["intake"]) == ["known"]
    assert verify(places) == []


def test_a_file_with_new_labels_is_not_read_again(
    places: Places, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake(places, source)
    (source / "labels.csv").write_text("file,label\n01.dcm,ill\n")
    monkeypatch.setattr(raw_store, "copy", lambda *_: pytest.fail("a source was read again"))
    assert list(intake(places, source)["intake"]) == ["known"]


def test_a_file_that_cannot_be_read_is_a_row_with_a_reason(places: Places, source: Path) -> None:
    os.mkfifo(source / "pipe")
    (source / "gone.dcm").write_bytes(b"x")
    (plan,) = plan_batches(places, source)
    (source / "gone.dcm").unlink()
    failed = take_in(places, plan).set_index("relative").loc[["gone.dcm", "pipe"]]
    assert list(failed["intake"]) == ["failed", "failed"]
    assert failed["sha256"].isna().all()
    assert list(failed["reason"]) == ["it is not there any more", "it is not a regular file"]


def test_a_file_that_changes_under_the_reading_hand_is_not_taken(
    places: Places, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = hash_copy._write

    def growing(out: Any, chunk: bytes) -> None:
        with (source / "01.dcm").open("ab") as stream:
            stream.write(b"more")
        write(out, chunk)

    for path in source.iterdir():
        if path.name != "01.dcm":
            path.unlink()
    monkeypatch.setattr(hash_copy, "_write", growing)
    (row,) = intake(places, source).to_dict("records")
    assert (row["intake"], row["reason"]) == (
        "failed",
        "it changed while it was read, or is longer than its archive says",
    )
    assert verify(places) == []


def test_zip_members_are_taken_in_with_their_place(places: Places, tmp_path: Path) -> None:
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a/1.dcm", b"one")
        packed.writestr("../2.dcm", b"two")
    frame = intake(places, path)
    assert list(frame["source"]) == [f"{path}!a/1.dcm", f"{path}!../2.dcm"]
    assert list(frame["intake"]) == ["stored", "failed"]
    assert raw_path(places, frame["sha256"].iloc[0]).read_bytes() == b"one"
    assert not (tmp_path.parent / "2.dcm").exists()


@pytest.mark.parametrize("call", range(0, 60, 7))
def test_a_full_disk_is_told_and_the_store_stays_whole(
    places: Places, source: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """Let the disk be full at one write after the other; afterwards there is room again."""
    calls = iter(range(1000))

    def full(function: Any) -> Any:
        def write(*args: Any) -> Any:
            if next(calls) >= call:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return function(*args)

        return write

    (plan,) = plan_batches(places, source)
    with monkeypatch.context() as patch:
        patch.setattr(raw_store, "GROUP_FILES", 4)
        patch.setattr(hash_copy, "_write", full(hash_copy._write))
        patch.setattr(os, "pwrite", full(os.pwrite))
        patch.setattr(raw_store, "_rename", full(raw_store._rename))
        if call < 35:
            with pytest.raises(StoreError, match="No space left on device"):
                take_in(places, plan)
        else:
            take_in(places, plan)
    assert [difference for difference in verify(places) if difference.kind != "unknown"] == []
    again = take_in(places, plan)
    assert set(again["intake"]) == {"stored", "known"}
    assert verify(places) == []


def child(root: Path, source: Path, *moment: str) -> int:
    command = [sys.executable, "-m", "xray_platform_tests.dicom.intake_child", str(root), str(source), *moment]
    return subprocess.run(command, check=False, capture_output=True).returncode


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    """A source, and the catalogue of its undisturbed intake."""
    folder = tmp_path_factory.mktemp("calm")
    (folder / "source").mkdir()
    for number in range(14):
        (folder / "source" / f"{number:02d}.dcm").write_bytes(bytes([number % 5]) * 3000 * number)
    assert child(folder / "store", folder / "source") == 0
    return folder / "source", CATALOGUE.read(Places(folder / "store"))


@pytest.mark.parametrize("moment", [3, 9, 40, 75, 78, 81, 120, 200])
def test_a_kill_at_any_moment_leaves_no_trace_after_the_next_run(
    tmp_path: Path, calm: tuple[Path, pd.DataFrame], moment: int
) -> None:
    """Each number is a write, rename, sync, journal line or signed head in the midst of which the intake dies."""
    source, catalogue = calm
    assert child(tmp_path, source, str(moment)) == -9
    left = verify(Places(tmp_path))
    assert {each.kind for each in left} <= {"unknown", "unfinished"}, "a crash looks like an attack"
    assert child(tmp_path, source) == 0
    pd.testing.assert_frame_equal(CATALOGUE.read(Places(tmp_path)), catalogue)
    assert verify(Places(tmp_path)) == []


def test_two_intakes_at_once_store_each_file_once(tmp_path: Path, source: Path) -> None:
    places = Places(tmp_path / "store")
    plan_batches(places, source, batch_size=7)
    command = [sys.executable, "-m", "xray_platform_tests.dicom.intake_child", str(places.root), str(source)]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait() for process in running] == [0, 0]
    assert verify(places) == []
    frame = CATALOGUE.read(places)
    assert (frame["intake"] == "stored").sum() == frame["sha256"].nunique()


def open_modes(places: Places) -> list[Path]:
    return [path for path in (places.raw, *places.raw.rglob("*")) if path.lstat().st_mode & 0o077]


def test_the_raw_zone_is_its_owners_alone(places: Places, source: Path) -> None:
    mask = os.umask(0)
    try:
        (source / "labels.csv").write_text("file,label\n01.dcm,ill\n")
        intake(places, source)
        assert open_modes(places) == []
    finally:
        os.umask(mask)


def test_a_store_that_an_earlier_version_left_open_is_told_of_and_closed(places: Places, source: Path) -> None:
    intake(places, source)
    for path in (places.raw, *places.raw.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o444)
    kinds = {difference.kind for difference in verify(places)}
    assert "open" in kinds
    (source / "new.dcm").write_bytes(b"new")
    intake(places, source)
    assert open_modes(places) == []
    assert verify(places) == []


def test_a_file_replaced_at_the_same_size_and_time_is_read_again(places: Places, source: Path) -> None:
    path = source / "03.dcm"
    status = path.stat()
    first = intake(places, source).set_index("relative")["sha256"]["03.dcm"]
    path.write_bytes(os.urandom(status.st_size))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    (plan,) = plan_batches(places, source)
    assert [(file.relative, file.again) for file in plan.files] == [("03.dcm", "changed")]
    (again,) = take_in(places, plan)["sha256"]
    assert again not in {first, None}
    assert plan_batches(places, source) == ()
    (source / "labels.csv").write_text("file,label\n03.dcm,ill\n")
    assert list(intake(places, source)["sha256"]) == [again], "and its new bytes are the ones that are known"


def test_touched_files_are_read_again_and_stored_once(places: Places, source: Path) -> None:
    intake(places, source)
    (source / "03.dcm").chmod(0o640)
    frame = intake(places, source)
    assert list(frame["intake"]) == ["known"]


def test_a_file_that_could_not_be_read_is_tried_again_by_the_next_intake(
    places: Places, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_beneath.open_beneath

    def broken(path: Path, within: Path) -> int:
        if path.name == "03.dcm":
            raise OSError(errno.EIO, "Input/output error")
        return opened(path, within)

    with monkeypatch.context() as patch:
        patch.setattr(safe_open, "open_beneath", broken)
        frame = intake(places, source).set_index("relative")
        assert frame["reason"]["03.dcm"] == "it cannot be read: Input/output error"
        assert plan_batches(places, source, patient=True) == (), "the inbox waits for something new"
    (plan,) = plan_batches(places, source)
    assert [(file.relative, file.again) for file in plan.files] == [("03.dcm", "failed")]
    frame = take_in(places, plan)
    assert list(frame["intake"]) == ["stored"]
    assert plan_batches(places, source) == ()


def test_a_link_out_of_the_source_is_a_row_with_a_reason_and_is_not_tried_again(places: Places, source: Path) -> None:
    secret = source.parent / "secret.dcm"
    secret.write_bytes(b"secret")
    (source / "link.dcm").symlink_to(secret)
    frame = intake(places, source).set_index("relative")
    assert frame["intake"]["link.dcm"] == "failed"
    assert frame["reason"]["link.dcm"] == "it is a link that leads out of what was handed in"
    assert plan_batches(places, source) == ()
    assert not any(path.read_bytes() == b"secret" for path in places.raw.rglob("*") if path.is_file())


def test_an_archive_on_a_full_or_read_only_disk_is_still_verified(
    places: Places, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake(places, source)
    connect = index._connect

    def refused(path: Path | None) -> sqlite3.Connection:
        if path is not None:
            raise sqlite3.OperationalError("attempt to write a readonly database")
        return connect(path)

    monkeypatch.setattr(index, "_connect", refused)
    assert verify(places) == []
