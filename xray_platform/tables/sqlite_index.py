"""SQLite index: a small database in the raw zone that is derived from files and can be made anew from them."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock

from xray_platform.errors import StoreError
from xray_platform.tables.owner_only import FILE_MODE, make_folder
from xray_platform.tables.places import Places


@contextmanager
def sqlite_index(places: Places, name: str, schema: Sequence[str], version: int) -> Iterator[sqlite3.Connection]:
    """Open `data/raw/.index/<name>.sqlite` for one at a time; a damaged one or one of another version is made anew.

    `schema` creates what is not there yet; `version` is a positive number. What is not committed is forgotten. Raises
    StoreError where it cannot be written, or turns out to be damaged while it is read (it is removed then).
    """
    folder = places.raw / ".index"
    path = folder / f"{name}.sqlite"
    try:
        make_folder(folder, places.raw)
        with (
            FileLock(folder / f"{name}.lock", mode=FILE_MODE),
            closing(_opened(path, schema, version)) as connection,
        ):
            yield connection
    except sqlite3.DatabaseError as error:
        path.unlink(missing_ok=True)
        raise StoreError(f"the index {path} was damaged ({error}) and is removed; try again") from error
    except OSError as error:
        raise StoreError(f"cannot use the index {path}: {error.strerror or error}") from error


def _opened(path: Path, schema: Sequence[str], version: int) -> sqlite3.Connection:
    try:
        return _connected(path, schema, version)
    except sqlite3.DatabaseError:
        path.unlink(missing_ok=True)
        return _connected(path, schema, version)


def _connected(path: Path, schema: Sequence[str], version: int) -> sqlite3.Connection:
    if not path.exists():
        path.touch(FILE_MODE)
    connection = sqlite3.connect(path)
    try:
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.execute("PRAGMA synchronous = OFF")  # what a power cut takes is made anew
        for statement in schema if found in {0, version} else ():
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version}")
        connection.commit()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    if found not in {0, version}:
        connection.close()
        path.unlink()
        return _connected(path, schema, version)
    return connection
