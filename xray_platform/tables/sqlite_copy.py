"""SQLite copy: a database as of one moment, whoever writes to it meanwhile."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from xray_platform.errors import StoreError
from xray_platform.tables.owner_only import FILE_MODE

DATABASES = (".db", ".sqlite")
"""How files end that SQLite writes in place."""
BESIDE = ("-wal", "-shm", "-journal")
"""How what SQLite writes beside a database ends; a copy holds it."""


def copy_database(file: Path, copy: Path) -> None:
    """Copy a database to a new file for its owner alone; one file, without a log beside it.

    Raises StoreError where SQLite cannot read it.
    """
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT, FILE_MODE))
    try:
        with (
            closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=60)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        raise StoreError(f"cannot copy the database {file}: {error}") from error
