"""Atomic writing: whole or not at all, whatever the name, the size or the moment of a failure."""

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from xray_platform.atomic import atomic_path, atomic_write, remove_leftovers
from xray_platform.errors import StoreError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("content", ["größer\n", "größer\n".encode(), ("grö".encode(), "ßer\n".encode())])
def test_text_bytes_and_parts_are_written(tmp_path: Path, content: str | bytes | tuple[bytes, ...]) -> None:
    file = tmp_path / "new" / "a.txt"
    atomic_write(file, content)
    assert file.read_text(encoding="utf-8") == "größer\n"
    assert names(file.parent) == ["a.txt"]


def test_a_failure_in_the_middle_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old")

    def parts() -> Iterator[bytes]:
        yield b"new"
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match=r"cannot write .*a\.txt: No space left on device"):
        atomic_write(file, parts())
    assert file.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_an_error_that_is_no_disk_error_goes_through(tmp_path: Path) -> None:
    def stopped() -> Iterator[bytes]:
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        atomic_write(tmp_path / "a.txt", stopped())
    assert names(tmp_path) == []


def test_the_mode_holds_from_the_first_byte_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda number: modes.append(stat.S_IMODE(os.fstat(number).st_mode)))
    atomic_write(tmp_path / "secret", "x", mode=0o400, durable=True)
    assert modes == [0o400]
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o400
    atomic_write(tmp_path / "secret", "y", mode=0o400)
    assert (tmp_path / "secret").read_text() == "y"
    assert modes == [0o400], "only what is to be durable waits for the disk"


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    for name in ("n" * 255, "ß" * 127):
        atomic_write(tmp_path / name, "x")
    assert len(names(tmp_path)) == 2


def test_a_file_where_a_folder_is_due_is_said(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("")
    with pytest.raises(StoreError, match="cannot write"):
        atomic_write(tmp_path / "blocked" / "a.txt", "x")


def test_many_writers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    texts = [str(number) * 50_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: atomic_write(file, text), texts))
    assert file.read_text() in texts
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_takes_the_place_of_another(tmp_path: Path) -> None:
    for content in ("old", "new"):
        with atomic_path(tmp_path / "folder") as temporary:
            temporary.mkdir()
            (temporary / content).write_text(content)
    assert names(tmp_path / "folder") == ["new"]
    assert names(tmp_path) == ["folder"]


def test_a_folder_that_cannot_be_moved_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "old").write_text("old")
    rename = Path.replace

    def refuse(path: Path, target: Path) -> Path:
        if path.name.endswith(".part"):
            raise OSError(1, "Operation not permitted")
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(StoreError, match="Operation not permitted"), atomic_path(tmp_path / "folder") as temporary:
        temporary.mkdir()
    assert names(tmp_path / "folder") == ["old"]
    assert names(tmp_path) == ["folder"]


def test_leftovers_of_killed_writers_are_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".batch.zarr.0123.part").mkdir()
    (tmp_path / ".batch.zarr.0123.part" / "c").write_text("half")
    (tmp_path / ".batch.zarr.0123.old").write_text("aside")
    for name in (".batch-2.zarr.0123.part", "batch.zarr", ".batch.zarr.keep"):
        (tmp_path / name).write_text("")
    remove_leftovers(tmp_path / "batch.zarr")
    assert names(tmp_path) == [".batch-2.zarr.0123.part", ".batch.zarr.keep", "batch.zarr"]
    remove_leftovers(tmp_path / "nowhere" / "batch.zarr")
