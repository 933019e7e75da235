"""Plan index: what the plans say of a file, to be asked without reading all plans; derived from them."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from xray_platform.tables.places import Places
from xray_platform.tables.sqlite_index import sqlite_index

_VERSION = 1
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS plans (name TEXT PRIMARY KEY, mark TEXT)",
    "CREATE TABLE IF NOT EXISTS planned (place BLOB PRIMARY KEY, said BLOB, changed_ns INTEGER) WITHOUT ROWID",
)
_AT_ONCE = 500
_PLACE = ("path", "member", "size_bytes", "modified_ns")

Said = tuple[bytes, int | None]
"""A digest of what the last plan that holds a file says of it, and the file's time of change."""


def said_before(places: Places, files: Iterable[bytes]) -> Mapping[bytes, Said]:
    """Return what was last planned of those of these files, by `place_of`, that any plan holds."""
    wanted = list(files)
    found: dict[bytes, Said] = {}
    with sqlite_index(places, "plans", _SCHEMA, _VERSION) as connection:
        _catch_up(places, connection)
        for first in range(0, len(wanted), _AT_ONCE):
            some = wanted[first : first + _AT_ONCE]
            marks = ", ".join("?" for _ in some)
            query = f"SELECT * FROM planned WHERE place IN ({marks})"  # noqa: S608 - question marks alone
            found |= {place: (said, changed_ns) for place, said, changed_ns in connection.execute(query, some)}
    return found


def place_of(file: Mapping[str, Any]) -> bytes:
    """Return a digest of where a planned file lies, with its size and time of modification."""
    return _digest({name: file.get(name) for name in _PLACE})


def said_of(file: Mapping[str, Any]) -> bytes:
    """Return a digest of all that a plan says of a file, but for when and why it was planned again."""
    return _digest({name: value for name, value in file.items() if name not in {"changed_ns", "again"}})


def _catch_up(places: Places, connection: sqlite3.Connection) -> None:
    """Read the plans that were written since; all of them where an earlier one is another now."""
    paths = sorted(places.plans.glob("batch-*.json"), key=lambda path: int(path.stem[6:]))
    marks = {path.stem: f"{(status := path.stat()).st_size} {status.st_mtime_ns}" for path in paths}
    known = dict(connection.execute("SELECT name, mark FROM plans"))
    if list(known.items()) and known != dict(list(marks.items())[: len(known)]):
        connection.execute("DELETE FROM plans")
        connection.execute("DELETE FROM planned")
        known = {}
    for path in paths[len(known) :]:
        files = json.loads(path.read_bytes())["files"]
        rows = ((place_of(file), said_of(file), file.get("changed_ns")) for file in files)
        connection.executemany("INSERT OR REPLACE INTO planned VALUES (?, ?, ?)", rows)
        connection.execute("INSERT INTO plans VALUES (?, ?)", (path.stem, marks[path.stem]))
    connection.commit()


def _digest(said: Mapping[str, Any]) -> bytes:
    """Return a short digest of what is not null."""
    values = {key: value for key, value in said.items() if value is not None}
    return sha256(json.dumps(values, sort_keys=True).encode()).digest()[:12]
