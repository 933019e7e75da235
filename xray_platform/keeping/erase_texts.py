"""Erase texts: take what stands for a person out of databases and small texts: event logs, run metadata, pages."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from xray_platform.atomic import atomic_write
from xray_platform.errors import MachineError
from xray_platform.keeping.person import Person, replaced
from xray_platform.tables.places import Places

PICTURE = re.compile(r"data:image/[a-z+]+;base64,[0-9A-Za-z+/=]+")
TAKEN_OUT = "data:,taken%20out%20when%20a%20person%20was%20forgotten"
_SQLITE = b"SQLite format 3\0"
_PATIENCE = 60  # seconds that another program may hold a database


def databases(places: Places) -> Iterator[Path]:
    """Yield the SQLite databases of Dagster and MLflow that lie in the store."""
    for folder in (places.dagster, places.mlruns):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and path.suffix in {".db", ".sqlite"} and _is_sqlite(path):
                yield path


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(_SQLITE)) == _SQLITE


def erase_in_databases(places: Places, person: Person) -> None:
    """Overwrite the person in every text of every database; pictures inside of event logs go altogether.

    Freed pages are overwritten and the file is written anew, so that no old page keeps the text. Raises MachineError
    where another program holds a database.
    """
    for path in databases(places):
        try:
            with closing(sqlite3.connect(path, timeout=_PATIENCE)) as connection:
                _erase(connection, person)
        except sqlite3.OperationalError as error:
            raise MachineError(
                f"cannot write {path} ({error}); end `xray ui`, `xray serve` and daemons, then `xray forget --finish`"
            ) from error


def _erase(connection: sqlite3.Connection, person: Person) -> None:
    connection.execute("PRAGMA secure_delete = ON")
    for table, column in list(_text_columns(connection)):
        cells = f'SELECT rowid, "{column}" FROM "{table}" WHERE typeof("{column}") = \'text\''  # noqa: S608 - its own
        changes = [
            (said, row)
            for row, text in connection.execute(cells)
            if (said := PICTURE.sub(TAKEN_OUT, replaced(person, text))) != text
        ]
        connection.executemany(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', changes)  # noqa: S608 - its own
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _text_columns(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    for (table,) in connection.execute(tables).fetchall():
        for row in connection.execute(f'PRAGMA table_info("{table}")').fetchall():
            yield table, row[1]


def erase_in_texts(places: Places, person: Person) -> None:
    """Overwrite the person in logs of runs, records of failures and pages of validations."""
    for folder in (places.dagster, places.failures, places.docs):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and not path.is_symlink() and path.suffix not in {".db", ".sqlite", ".lock"}:
                text = path.read_bytes().decode("utf-8", "surrogateescape")
                if (said := replaced(person, text)) != text:
                    atomic_write(path, said.encode("utf-8", "surrogateescape"))
