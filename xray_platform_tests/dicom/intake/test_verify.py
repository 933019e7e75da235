"""Verify: each kind of damage to the archive is found and named, and nothing is changed."""

import os
from pathlib import Path

import pytest

from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.dicom.intake.raw_store import raw_path, take_in
from xray_platform.dicom.intake.verify import verify
from xray_platform.tables.all import CATALOGUE
from xray_platform.tables.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(tmp_path / "store")
    source = tmp_path / "source"
    source.mkdir()
    for number in range(4):
        (source / f"{number}.dcm").write_bytes(os.urandom(100))
    (plan,) = plan_batches(made, source)
    CATALOGUE.write(made, take_in(made, plan), plan.batch)
    return made


def stored(places: Places) -> list[Path]:
    return [raw_path(places, sha256) for sha256 in CATALOGUE.read(places)["sha256"]]


def kinds(places: Places) -> list[str]:
    return [difference.kind for difference in verify(places)]


def test_a_sound_archive_has_no_differences(places: Places) -> None:
    seen: list[tuple[int, int]] = []

    def note(done: int, total: int, what: str) -> None:
        assert what
        seen.append((done, total))

    assert verify(places, note) == []
    assert seen[-1] == (4, 4)
    assert verify(Places(places.root / "elsewhere")) == []


def test_a_changed_byte_is_found(places: Places) -> None:
    path = stored(places)[1]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    path.chmod(0o400)
    (difference,) = verify(places)
    assert difference.kind == "changed"
    assert difference.where == path.relative_to(places.raw).as_posix()


def test_missing_foreign_and_writable_files_are_found(places: Places) -> None:
    first, second, third, _ = stored(places)
    first.unlink()
    second.chmod(0o644)
    (third.parent / "note.txt").write_text("found here")
    assert sorted(kinds(places)) == ["missing", "unknown", "writable"]


def test_bytes_that_no_line_of_the_journal_names_are_found(places: Places) -> None:
    path = raw_path(places, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    path.chmod(0o400)
    (difference,) = verify(places)
    assert difference.what == "no line of the journal speaks of it"


def test_what_a_crash_left_is_found(places: Places) -> None:
    folder = places.raw / ".incoming" / "batch-0002"
    folder.mkdir(parents=True)
    (folder / "0").write_bytes(b"half")
    assert kinds(places) == ["unfinished"]


def test_a_catalogue_that_says_otherwise_is_found(places: Places) -> None:
    frame = CATALOGUE.read(places)
    CATALOGUE.write(places, frame.iloc[:-1], "batch-0001")
    (difference,) = verify(places)
    assert difference.kind == "catalogue"
    assert "1 rows" in difference.what


def test_a_journal_that_was_edited_is_found(places: Places) -> None:
    path = places.raw / "journal.jsonl"
    path.write_bytes(path.read_bytes().replace(b"/0.dcm", b"/9.dcm", 1))
    assert "journal" in kinds(places)
