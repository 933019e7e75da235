"""Inbox watch: which files of a folder are new and finished, looked for only where something may have changed.

A folder of which every file was planned is entered again when its own time of change moves, and now and then all the
same, for a file that is written over in its place does not move it. What was seen is kept in the raw zone: names of
files may name people.
"""

import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from xray_platform.tables.places import Places
from xray_platform.tables.sqlite_index import sqlite_index

QUIET_SECONDS = 10.0
ENTERED_EVERY_S = 600.0  # each folder, also one that seems unchanged
UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart", ".swp")
_VERSION = 1
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS folders (path TEXT PRIMARY KEY, above TEXT, modified_ns, settled)",
    "CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, folder TEXT, size, modified_ns, planned)",
    'CREATE INDEX IF NOT EXISTS "files by folder" ON files (folder)',
    'CREATE INDEX IF NOT EXISTS "folders by folder" ON folders (above)',
    "CREATE TABLE IF NOT EXISTS said (name TEXT PRIMARY KEY, value TEXT)",
)


@dataclass(frozen=True)
class Look:
    """What a look found: how many files there are, those that are finished and were not planned yet, and a mark.

    The mark moves when anything in the folder does; it is of sizes and times alone: a name can be guessed from its
    hash.
    """

    count: int
    finished: tuple[Path, ...]
    mark: str


class InboxWatch:
    """What was seen of the inbox, while its memory is open."""

    def __init__(self, connection: sqlite3.Connection, inbox: Path) -> None:
        self._connection, self._inbox = connection, inbox

    def look(self, now: float) -> Look:
        """Look for what changed since the last time.

        A file is finished when it kept its size and time between two looks and was not touched for a while.
        """
        moved: list[tuple[int, int]] = []
        finished: list[Path] = []
        thoroughly = now - float(self._said("entered") or 0) >= ENTERED_EVERY_S
        for folder in self._folders(thoroughly=thoroughly):
            changed, done = self._enter(folder, now)
            moved += changed
            finished += done
        if thoroughly:
            self._say("entered", str(now))
        if moved or not self._said("mark"):
            self._say("mark", sha256(f"{self._said('mark')} {sorted(moved)}".encode()).hexdigest()[:16])
        self._connection.commit()
        count = int(self._connection.execute("SELECT count(*) FROM files").fetchone()[0])
        return Look(count, tuple(sorted(finished)), self._said("mark"))

    def planned(self, files: Iterable[Path]) -> None:
        """Remember that these files need no plan any more, until they change."""
        rows = [(str(file),) for file in files]
        self._connection.executemany("UPDATE files SET planned = 1 WHERE path = ?", rows)
        self._connection.commit()

    def ready(self, finished: Collection[Path]) -> frozenset[str]:
        """Return the files that may be planned: those finished now, and those that were planned before."""
        planned = self._connection.execute("SELECT path FROM files WHERE planned = 1")
        return frozenset(str(path) for (path,) in planned) | {str(file) for file in finished}

    def _folders(self, *, thoroughly: bool) -> Iterator[Path]:
        """Yield the folders to enter, from the inbox down; what is below one that is not entered is remembered."""
        waiting = [self._inbox]
        while waiting:
            folder = waiting.pop()
            try:
                modified = folder.stat().st_mtime_ns
            except OSError:
                self._forget(folder)
                continue
            row = self._connection.execute("SELECT modified_ns, settled FROM folders WHERE path = ?", (str(folder),))
            if thoroughly or row.fetchone() != (modified, 1):
                yield folder
            below = self._connection.execute("SELECT path FROM folders WHERE above = ?", (str(folder),))
            waiting += [Path(path) for (path,) in below.fetchall()]

    def _enter(self, folder: Path, now: float) -> tuple[list[tuple[int, int]], list[Path]]:
        """Compare a folder's files with what was seen; return sizes and times that moved, and who is finished."""
        query = "SELECT path, size, modified_ns, planned FROM files WHERE folder = ?"
        before = {row[0]: row[1:] for row in self._connection.execute(query, (str(folder),))}
        try:
            modified = folder.stat().st_mtime_ns
            files, folders = _listed(folder)
        except OSError:  # taken away meanwhile, or closed to us
            self._forget(folder)
            return [], []
        moved = [mark for path, mark in files.items() if before.get(path, ())[:2] != mark]
        moved += [row[:2] for path, row in before.items() if path not in files]
        for path, (size, time) in files.items():
            if before.get(path, ())[:2] != (size, time):
                self._see(path, folder, size, time)
        for path in before.keys() - files.keys():
            self._connection.execute("DELETE FROM files WHERE path = ?", (path,))
        unplanned = [path for path, mark in files.items() if before.get(path) != (*mark, 1)]
        self._keep(folder, folders, modified, settled=not unplanned and _quiet(modified, now))
        seen = (path for path in unplanned if before.get(path, ())[:2] == files[path])
        return moved, [Path(path) for path in seen if _finished(path, files[path][1], now)]

    def _see(self, path: str, folder: Path, size: int, time: int) -> None:
        values = (path, str(folder), size, time)
        self._connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, 0)", values)

    def _keep(self, folder: Path, below: set[str], modified_ns: int, *, settled: bool) -> None:
        values = (str(folder), str(folder.parent), modified_ns, settled)
        self._connection.execute("INSERT OR REPLACE INTO folders VALUES (?, ?, ?, ?)", values)
        for path in below:
            self._connection.execute("INSERT OR IGNORE INTO folders VALUES (?, ?, 0, 0)", (path, str(folder)))

    def _forget(self, folder: Path) -> None:
        self._connection.execute("DELETE FROM files WHERE folder = ?", (str(folder),))
        self._connection.execute("DELETE FROM folders WHERE path = ?", (str(folder),))

    def _said(self, name: str) -> str:
        found = self._connection.execute("SELECT value FROM said WHERE name = ?", (name,)).fetchone()
        return str(found[0]) if found else ""

    def _say(self, name: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO said VALUES (?, ?)", (name, value))


@contextmanager
def inbox_watch(places: Places) -> Iterator[InboxWatch]:
    """Open what was seen of the inbox of a store; raises StoreError where it cannot be kept."""
    with sqlite_index(places, "inbox", _SCHEMA, _VERSION) as connection:
        yield InboxWatch(connection, places.inbox)


def _listed(folder: Path) -> tuple[dict[str, tuple[int, int]], set[str]]:
    """Return size and time of each file of a folder by its path, and the folders in it; links lead to files alone."""
    files, folders = dict[str, tuple[int, int]](), set[str]()
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    folders.add(entry.path)
                elif entry.is_file():
                    files[entry.path] = (entry.stat().st_size, entry.stat().st_mtime_ns)
            except OSError:
                continue  # it was taken away between listing and looking
    return files, folders


def _finished(path: str, modified_ns: int, now: float) -> bool:
    name = Path(path).name
    return not name.startswith(".") and not name.endswith(UNFINISHED) and _quiet(modified_ns, now)


def _quiet(modified_ns: int, now: float) -> bool:
    return now - modified_ns / 1e9 > QUIET_SECONDS
