"""Manifests: what is read is what was written, or an error that says what was found and what mends it."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from xray_platform.errors import StoreError
from xray_platform.tables.all import LABELS, SPLITS
from xray_platform.tables.faults import Fault, faults_of, is_gone, manifest_names, unknown_files
from xray_platform.tables.manifest import keep_folder, manifest_file, noted, read_checked
from xray_platform.tables.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def labels(*images: str) -> pd.DataFrame:
    rows = [{"image": image, "subject": "sub-0", "origin": "archive", "label": "NORMAL"} for image in images]
    return LABELS.frame([{**row, "abnormal": False, "split_given": None} for row in rows])


def unseen(path: Path, change: Callable[[bytearray], object]) -> None:
    """Change bytes as a failing disk does: neither size nor time tells."""
    status, data = path.stat(), bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def flip(data: bytearray) -> None:
    data[len(data) // 2] ^= 4


def test_a_table_is_read_as_it_was_written(places: Places) -> None:
    LABELS.write(places, labels("a" * 16), "one")
    LABELS.write(places, labels("b" * 16, "c" * 16), "two")
    assert list(LABELS.read(places)["image"]) == ["a" * 16, "b" * 16, "c" * 16]
    assert LABELS.parts(places) == ["one", "two"]
    assert LABELS.read(places, "three").empty
    assert SPLITS.read(places).empty


@pytest.mark.parametrize("part", ["one", None])
def test_a_lost_part_of_a_table_is_an_error_and_not_an_empty_table(places: Places, part: str | None) -> None:
    LABELS.write(places, labels("a" * 16), "one").unlink()
    with pytest.raises(StoreError, match=r"cannot read .*one.parquet: No such file.*; `xray run --deep` makes it anew"):
        LABELS.read(places, part)
    assert LABELS.earlier(places, "one").empty


def test_a_flipped_bit_in_a_table_is_told_with_both_checksums(places: Places) -> None:
    unseen(LABELS.write(places, labels("a" * 16), "one"), flip)
    with pytest.raises(StoreError, match=r"one.parquet is not what was made: .* checksum [0-9a-f]{8}, recorded is"):
        LABELS.read(places)


def test_two_sound_parts_that_changed_places_are_noticed(places: Places) -> None:
    one, two = (LABELS.write(places, labels(name * 16), name) for name in "ab")
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    with pytest.raises(StoreError, match="is not what was made"):
        LABELS.read(places, "a")
    assert [fault.kind for name in manifest_names(places) for fault in faults_of(places, name)] == ["changed"] * 2


def test_a_table_that_nobody_recorded_is_not_believed(places: Places) -> None:
    LABELS.write(places, labels("a" * 16), "one")
    manifest_file(places, LABELS.manifest("one")).unlink()
    with pytest.raises(StoreError, match="nothing is recorded of"):
        LABELS.read(places)


def test_who_reads_while_a_part_is_written_sees_the_old_or_the_new(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = LABELS.write(places, labels("a" * 16), "one")
    record = manifest_file(places, LABELS.manifest("one"))
    before = record.read_bytes()
    LABELS.write(places, labels("b" * 16), "one")
    after = record.read_bytes()
    record.write_bytes(before)  # the moment between the two renames
    moment = SimpleNamespace(sleep=lambda _: record.write_bytes(after))  # the reader's alone: other threads sleep too
    monkeypatch.setattr("xray_platform.tables.table.time", moment)
    assert list(LABELS.read(places, "one")["image"]) == ["b" * 16]
    assert path.exists()


def folder(places: Places) -> Path:
    made = places.models / "m" / "run" / "model"
    made.mkdir(parents=True)
    for name in ("a.json", "b.npz"):
        (made / name).write_bytes(name.encode() * 50)
    return made


def test_each_fault_of_a_folder_is_named(places: Places) -> None:
    made = folder(places)
    keep_folder(places, "models/m/run/model", made)
    assert faults_of(places, "models/m/run/model", deep=True) == []
    (made / "a.json").unlink()
    unseen(made / "b.npz", flip)
    (made / "c").write_text("nobody's")
    (fast,) = faults_of(places, "models/m/run/model")
    assert fast == Fault("missing", "models/m/run/model/a.json", "300 bytes were written")
    assert {fault.kind for fault in faults_of(places, "models/m/run/model", deep=True)} == {"missing", "changed"}
    assert [fault.where for fault in unknown_files(places)] == ["models/m/run/model/c"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes() + b"!"), "251 bytes; 250 were written"),
        (lambda path: path.write_bytes(path.read_bytes()[::-1]), "its checksum is"),
        (lambda path: (path.unlink(), path.mkdir()), "not a file any more"),
        (lambda path: (path.rename(path.with_name("x")), path.symlink_to("x")), "not a file any more"),
    ],
    ids=["longer", "written to", "a folder", "a link"],
)
def test_what_size_and_time_tell_is_found_without_reading_all(
    places: Places, spoil: Callable[[Path], object], words: str
) -> None:
    made = folder(places)
    keep_folder(places, "models/m/run/model", made)
    spoil(made / "b.npz")
    (fault,) = faults_of(places, "models/m/run/model")
    assert (fault.kind, fault.where) == ("changed", "models/m/run/model/b.npz")
    assert words in fault.what


def test_a_copied_store_with_new_times_is_whole(places: Places) -> None:
    made = folder(places)
    keep_folder(places, "models/m/run/model", made)
    for path in made.iterdir():
        os.utime(path)
    assert faults_of(places, "models/m/run/model") == []


def test_a_record_that_was_edited_along_with_its_file_is_noticed_by_its_digest(places: Places) -> None:
    with noted() as kept:
        path = LABELS.write(places, labels("a" * 16), "one")
    name = LABELS.manifest("one")
    assert faults_of(places, name, kept[name]) == []
    unseen(path, flip)
    keep_folder(places, name, path.parent)
    assert list(LABELS.parts(places)) == ["one"]
    assert faults_of(places, name, deep=True) == []
    (fault,) = faults_of(places, name, kept[name])
    assert "not the one that was kept" in fault.what


def test_a_damaged_or_foreign_record_is_told(places: Places) -> None:
    path = LABELS.write(places, labels("a" * 16), "one")
    LABELS.write(places, labels("b" * 16), "two")
    one, two = (manifest_file(places, LABELS.manifest(part)) for part in ("one", "two"))
    one.write_bytes(two.read_bytes())
    with pytest.raises(StoreError, match=r"the record of tables/labels/one is that of tables/labels/two"):
        read_checked(places, LABELS.manifest("one"), path)
    for text in ("", "[]", '{"name": "tables/labels/one"}', '{"name": 1, "files": {"a": [1]}, "rows": []}'):
        one.write_text(text)
        with pytest.raises(StoreError, match="the record of tables/labels/one is damaged"):
            read_checked(places, LABELS.manifest("one"), path)
        assert [fault.kind for fault in faults_of(places, LABELS.manifest("one"))] == ["missing"]


def test_a_damaged_record_does_not_call_its_files_unknown(places: Places) -> None:
    LABELS.write(places, labels("a" * 16), "one")
    manifest_file(places, LABELS.manifest("one")).write_text("{")
    assert list(unknown_files(places)) == []


def test_what_was_removed_with_all_its_files_is_gone(places: Places) -> None:
    made = folder(places)
    keep_folder(places, "models/m/run/model", made)
    (made / "a.json").unlink()
    assert not is_gone(places, "models/m/run/model")
    (made / "b.npz").unlink()
    assert is_gone(places, "models/m/run/model")
