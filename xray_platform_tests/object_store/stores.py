"""Stores: small files as rooms write them, put into a working copy by hand."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from xray_platform.object_store.working_copy import WorkingCopy


def write(copy: WorkingCopy, path: str, text: str | bytes) -> Path:
    """Write a file below the root, as rooms do: whole, under another name first."""
    file = copy.folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    waiting = file.with_name(f".{file.name}.part")
    waiting.write_bytes(text.encode() if isinstance(text, str) else text)
    waiting.replace(file)
    return file


def write_raw(copy: WorkingCopy, data: bytes) -> str:
    """Write a raw file, and return its path."""
    digest = hashlib.sha256(data).hexdigest()
    path = f"data/raw/{digest[:2]}/{digest[2:4]}/{digest}"
    write(copy, path, data).chmod(0o400)
    return path


def note(copy: WorkingCopy, word: str) -> None:
    """Write a row into a database that keeps its log beside it, as Dagster's and MLflow's do."""
    file = copy.folder / "mlruns" / "mlflow.db"
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE IF NOT EXISTS notes (word TEXT)")
        database.execute("INSERT INTO notes VALUES (?)", [word])
        database.commit()


def notes(copy: WorkingCopy) -> list[str]:
    with closing(sqlite3.connect(copy.folder / "mlruns" / "mlflow.db")) as database:
        return [str(word) for (word,) in database.execute("SELECT word FROM notes")]


def contents(copy: WorkingCopy) -> dict[str, bytes]:
    """Return what people see of a store: all files but databases, by path, whatever else lies there."""
    files = (path for path in copy.folder.rglob("*") if path.is_file())
    return {
        path.relative_to(copy.folder).as_posix(): path.read_bytes()
        for path in files
        if ".db" not in path.name and ".lock" not in path.name
    }
