"""Local files: what of a working copy belongs to the store, and how it was when it was last committed or fetched.

Locks, waiting files, indexes that are made anew and what only this machine needs stay where they are: they are neither
committed nor removed.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from xray_platform.object_store.commit import StoredFile
from xray_platform.tables.places import BY_HAND
from xray_platform.tables.sqlite_copy import BESIDE, DATABASES, copy_database

ZONES = ("data", "mlruns", "recipes")
_PASSING = (".lock", ".part", ".old", ".pid")
_OF_THE_MACHINE = (
    "data/inbox/", "data/raw/.locks/", "data/raw/.incoming/", "data/raw/.index/", "data/raw/index.sqlite",
    "data/raw/inbox-problem.txt",
    "mlruns/cache/", "data/.dagster/dagster.yaml", "data/.dagster/workspace.yaml",
    "data/.dagster/.telemetry/", "data/.dagster/.logs_queue/", "data/.dagster/.nux/",
)  # fmt: skip
_CHUNK = 1 << 20


def belongs(path: str) -> bool:
    """Say whether a path is of the store, and not of this machine or of a moment."""
    name = path.rsplit("/", 1)[-1]
    if path in BY_HAND:
        return True
    passing = name.endswith((*_PASSING, *BESIDE)) or name == ".lock" or ".waiting/" in path
    log = path.startswith("data/.dagster/") and path.count("/") == 2 and name.endswith(".log")
    unfinished = path.startswith("data/models/") and "/checkpoints/" in path
    return (
        path.split("/", 1)[0] in ZONES and not (passing or log or unfinished) and not path.startswith(_OF_THE_MACHINE)
    )


def is_by_hand(path: str) -> bool:
    """Say whether people write a file themselves: then a change of it is meant, whenever it was made."""
    return path in BY_HAND or path.startswith("recipes/")


def is_database(path: str) -> bool:
    """Say whether a file is one that SQLite writes in place."""
    return path.endswith(DATABASES)


def walk(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the files of the store below a folder, with what the file system says of them; links are none."""
    for zone in ZONES:
        for folder, folders, names in os.walk(root / zone):
            folders.sort()
            inside = Path(folder).relative_to(root).as_posix()
            yield from _files(root, (f"{inside}/{name}" for name in sorted(names)))
    yield from _files(root, BY_HAND)


def _files(root: Path, paths: "Iterator[str] | tuple[str, ...]") -> Iterator[tuple[str, os.stat_result]]:
    for path in paths:
        if belongs(path):
            try:
                status = (root / path).lstat()
            except FileNotFoundError:
                continue  # what somebody else removes at this moment is not there
            if status.st_mode & 0o170000 == 0o100000:
                yield path, status


def has_log(file: Path) -> bool:
    """Say whether SQLite keeps changes of a database beside it."""
    log = file.with_name(f"{file.name}-wal")
    return log.exists() and log.stat().st_size > 0


def snapshot(file: Path, aside: Path) -> tuple[str, int]:
    """Copy a file as it is now to `aside`, and return SHA-256 and length of the copy; a database as of one moment.

    Raises FileNotFoundError where it is gone, StoreError where SQLite cannot read a database.
    """
    if is_database(file.name):
        return _copied_database(file, aside)
    digest, size = hashlib.sha256(), 0
    with (
        file.open("rb") as source,
        os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target,
    ):
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += target.write(chunk)
    return digest.hexdigest(), size


def _copied_database(file: Path, aside: Path) -> tuple[str, int]:
    if not file.exists():
        raise FileNotFoundError(file)
    aside.unlink(missing_ok=True)
    copy_database(file, aside)
    with aside.open("rb") as copy:
        return hashlib.file_digest(copy, "sha256").hexdigest(), aside.stat().st_size


class DatabaseNotes:
    """Which commit's database a local one is: its own length and time are not those of the copy that was committed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._notes: dict[str, list[object]] = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self._notes = {}

    def note(self, path: str, status: os.stat_result, sha256: str) -> None:
        self._notes[path] = [status.st_size, status.st_mtime_ns, sha256]

    def fits(self, root: Path, path: str, status: os.stat_result, sha256: str) -> bool:
        """Say whether a local database is unchanged since it was that of this digest."""
        noted = self._notes.get(path)
        return noted == [status.st_size, status.st_mtime_ns, sha256] and not has_log(root / path)

    def keep(self, files: Mapping[str, StoredFile]) -> None:
        """Write the notes down, of files that are still there."""
        kept = {path: note for path, note in self._notes.items() if path in files}
        self._file.write_text(json.dumps(kept), encoding="utf-8")
