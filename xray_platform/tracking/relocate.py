"""Relocate: tell an embedded store that its folder lies elsewhere now."""

import sqlite3
from contextlib import closing
from pathlib import Path

# MLflow writes whole addresses into these columns and has no call to change them.
ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def relocate(database: Path, old: str, new: str) -> int:
    """Let every address in the SQLite database that begins with the folder `old` begin with `new`; return how many.

    All or nothing. Both are `file:///…` addresses without a slash at the end.
    """
    with closing(sqlite3.connect(database, timeout=60)) as connection, connection:
        return sum(_point(connection, table, column, old, new) for table, column in ADDRESSES)


def _point(connection: sqlite3.Connection, table: str, column: str, old: str, new: str) -> int:
    # The names come from the list above; values are bound.
    change = f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE {column} = ? OR substr({column}, 1, ?) = ?"  # noqa: S608
    values = (new, len(old) + 1, old, len(old) + 1, f"{old}/")
    return connection.execute(change, values).rowcount
