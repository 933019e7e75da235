"""Part index: find rows of a table by a value without reading all of its parts.

It is derived from the parts, lies in the raw zone, and reads again only those that were written since. Whoever changes
it changes no table; a missing, damaged or foreign one is made anew.
"""

import sqlite3
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from xray_platform.errors import StoreError
from xray_platform.tables.manifest import manifest_file
from xray_platform.tables.places import Places
from xray_platform.tables.sqlite_index import sqlite_index
from xray_platform.tables.table import Table

AT_ONCE = 500  # values that one query looks for
Pack = Callable[[pd.DataFrame], bytes]


class PartIndex:
    """Some columns of a table by part: `columns` are kept, those of `lookups` can be asked for.

    With `pack` each part also has some bytes, for what is compared with all rows.
    """

    def __init__(
        self, table: Table, columns: Sequence[str], lookups: Collection[str], pack: Pack = lambda _: b""
    ) -> None:
        self.table, self.columns, self.lookups, self.pack = table, tuple(columns), tuple(lookups), pack

    @contextmanager
    def opened(self, places: Places, must: Callable[[str], bool] = lambda _: False) -> Iterator["OpenIndex"]:
        """Open the index as its parts are now; a damaged part is left out, or raises StoreError where it `must` be."""
        names = ", ".join(f'"{name}"' for name in self.columns)
        schema = [
            "CREATE TABLE IF NOT EXISTS parts (part TEXT PRIMARY KEY, mark TEXT, packed BLOB)",
            f"CREATE TABLE IF NOT EXISTS rows (part TEXT, place INTEGER, {names}, PRIMARY KEY (part, place))",
            *(f'CREATE INDEX IF NOT EXISTS "by {name}" ON rows ("{name}")' for name in self.lookups),
        ]
        version = zlib.crc32(" ".join(schema).encode()) >> 1 or 1
        with sqlite_index(places, self.table.name, schema, version) as connection:
            index = OpenIndex(self, connection)
            index.catch_up(places, must)
            yield index


class OpenIndex:
    """An index that is up to date, to be asked."""

    def __init__(self, index: PartIndex, connection: sqlite3.Connection) -> None:
        self._index, self._connection = index, connection

    def catch_up(self, places: Places, must: Callable[[str], bool]) -> None:
        """Read the parts that were written, replaced or removed since the last time."""
        table = self._index.table
        known = dict(self._connection.execute("SELECT part, mark FROM parts"))
        marks = {part: _mark(places, table, part) for part in table.parts(places)}
        for part in known.keys() - marks.keys():
            self._forget(part)
        for part, mark in marks.items():
            if known.get(part) != mark:
                self._forget(part)
                self._read(places, part, mark, must)
        self._connection.commit()

    def _forget(self, part: str) -> None:
        self._connection.execute("DELETE FROM rows WHERE part = ?", (part,))
        self._connection.execute("DELETE FROM parts WHERE part = ?", (part,))

    def _read(self, places: Places, part: str, mark: str, must: Callable[[str], bool]) -> None:
        table = self._index.table
        try:
            frame = table.read(places, part)
        except StoreError:
            if must(part):
                raise
            frame, mark = table.frame([]), ""  # it is looked at again the next time
        columns = [[_plain(value) for value in frame[name]] for name in self._index.columns]
        marks = ", ".join("?" for _ in range(len(columns) + 2))
        rows = zip([part] * len(frame), range(len(frame)), *columns, strict=True)
        self._connection.executemany(f"INSERT INTO rows VALUES ({marks})", rows)  # noqa: S608 - question marks alone
        self._connection.execute("INSERT INTO parts VALUES (?, ?, ?)", (part, mark, self._index.pack(frame)))

    def packed(self) -> Mapping[str, bytes]:
        """Return what was packed of each part, by part in the order of their names."""
        return dict(self._connection.execute("SELECT part, packed FROM parts ORDER BY part"))

    def first_values(self, column: str) -> Mapping[str, Any]:
        """Return what stands in the first row of each part; a part without rows has None."""
        rows = "SELECT part, :column FROM rows WHERE place = 0".replace(":column", f'"{column}"')
        return dict(self._connection.execute("SELECT part, NULL FROM parts")) | dict(self._connection.execute(rows))

    def matching(self, column: str, values: Collection[str]) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """Yield part, place and row of each row that has one of these values, in no order."""
        wanted = sorted(values)
        for first in range(0, len(wanted), AT_ONCE):
            some = wanted[first : first + AT_ONCE]
            marks = ", ".join("?" for _ in some)
            query = f'SELECT * FROM rows WHERE "{column}" IN ({marks})'  # noqa: S608 - a column of ours
            for part, place, *row in self._connection.execute(query, some):
                yield part, place, dict(zip(self._index.columns, row, strict=True))

    def row(self, part: str, place: int) -> dict[str, Any]:
        """Return one row of a part."""
        found = self._connection.execute("SELECT * FROM rows WHERE part = ? AND place = ?", (part, place)).fetchone()
        return dict(zip(self._index.columns, found[2:], strict=True))


def _mark(places: Places, table: Table, part: str) -> str:
    """Return size and time of a part and of its manifest, by which it is told that it was written anew."""
    return " ".join(_seen(path) for path in (table.path(places, part), manifest_file(places, table.manifest(part))))


def _seen(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return "none"
    return f"{status.st_size} {status.st_mtime_ns}"


def _plain(value: Any) -> Any:
    """Return a cell as SQLite takes it."""
    if value is None or value is pd.NA or value != value:
        return None
    return value if isinstance(value, str) else int(value)
