"""Index: look up in the journal without reading it all; derived from the journal, and rebuilt from it when in doubt."""

import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from xray_platform.dicom.intake.journal import JournalEntry, Tombstone, journal_path, read_journal
from xray_platform.errors import StoreError
from xray_platform.tables.owner_only import FILE_MODE
from xray_platform.tables.places import Places

_VERSION = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS taken (
    batch TEXT, source TEXT, relative TEXT, sha256 TEXT, size_bytes INTEGER, modified_ns INTEGER, intake TEXT,
    reason TEXT, PRIMARY KEY (batch, source)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_source ON taken (source, size_bytes, modified_ns);
CREATE INDEX IF NOT EXISTS failures ON taken (source) WHERE intake = 'failed';
CREATE TABLE IF NOT EXISTS owners (sha256 TEXT PRIMARY KEY, batch TEXT, source TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS forgotten (digest TEXT PRIMARY KEY, tombstone TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (only INTEGER PRIMARY KEY CHECK (only = 0), offset INTEGER);
"""


_TABLES = ("taken", "owners", "forgotten", "seen")


class Index:
    """What the journal says, to be asked by batch, by source and by hash."""

    def __init__(self, places: Places, connection: sqlite3.Connection) -> None:
        self._places, self._connection = places, connection

    def catch_up(self) -> None:
        """Read what was appended to the journal since the last time."""
        row = self._connection.execute("SELECT offset FROM seen").fetchone()
        offset = int(row[0]) if row else 0
        for line in read_journal(self._places, offset):
            self._note(line.entry)
            offset = line.next_offset
        self._connection.execute("INSERT OR REPLACE INTO seen VALUES (0, ?)", (offset,))
        self._connection.commit()

    def note(self, entries: Sequence[JournalEntry], offset: int) -> None:
        """Take in entries that were just appended, up to the byte offset; the index was caught up before."""
        for entry in entries:
            self._note(entry)
        self._connection.execute("INSERT OR REPLACE INTO seen VALUES (0, ?)", (offset,))
        self._connection.commit()

    def _note(self, entry: JournalEntry | Tombstone | None) -> None:
        if isinstance(entry, Tombstone):
            rows = [(digest, entry.tombstone) for digest in entry.digests]
            self._connection.executemany("INSERT OR IGNORE INTO forgotten VALUES (?, ?)", rows)
        if not isinstance(entry, JournalEntry):
            return
        values = (
            entry.batch, entry.source, entry.relative, entry.sha256, entry.size_bytes, entry.modified_ns, entry.intake,
            entry.reason,
        )  # fmt: skip
        self._connection.execute("INSERT OR REPLACE INTO taken VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        if entry.intake == "stored":
            owner = (entry.sha256, entry.batch, entry.source)
            self._connection.execute("INSERT OR IGNORE INTO owners VALUES (?, ?, ?)", owner)

    def of_batch(self, batch: str) -> Iterator[JournalEntry]:
        """Yield what was done for a batch, in no order."""
        for row in self._connection.execute("SELECT * FROM taken WHERE batch = ?", (batch,)):
            yield JournalEntry(*row)

    def batches(self) -> set[str]:
        """Return the batches of which at least one file was taken in, or tried."""
        return {str(row[0]) for row in self._connection.execute("SELECT DISTINCT batch FROM taken")}

    def hash_of(self, source: str, size_bytes: int, modified_ns: int) -> str | None:
        """Return the hash of a source as it was last taken in with this size and time of change, or None."""
        row = self._connection.execute(
            "SELECT sha256 FROM taken WHERE source = ? AND size_bytes = ? AND modified_ns = ? AND sha256 IS NOT NULL "
            "ORDER BY CAST(substr(batch, 7) AS INTEGER) DESC",
            (source, size_bytes, modified_ns),
        ).fetchone()
        return str(row[0]) if row else None

    def failed(self) -> Iterator[tuple[str, str]]:
        """Yield each source that could not be taken in when it was last tried, and why."""
        last: dict[str, JournalEntry] = {}
        for row in self._connection.execute(
            "SELECT * FROM taken WHERE source IN (SELECT source FROM taken WHERE intake = 'failed') "
            "ORDER BY CAST(substr(batch, 7) AS INTEGER)"
        ):
            last[row[1]] = JournalEntry(*row)
        yield from ((source, entry.reason) for source, entry in last.items() if entry.intake == "failed")

    def is_stored(self, sha256: str) -> bool:
        """Say whether the journal says that these bytes are stored."""
        return self._connection.execute("SELECT 1 FROM owners WHERE sha256 = ?", (sha256,)).fetchone() is not None

    def owner_of(self, sha256: str) -> str | None:
        """Return the batch that brought these bytes, or None."""
        row = self._connection.execute("SELECT batch FROM owners WHERE sha256 = ?", (sha256,)).fetchone()
        return str(row[0]) if row else None

    def brought(self, hashes: Collection[str]) -> Iterator[JournalEntry]:
        """Yield every entry of any batch that brought one of these bytes, new or known."""
        for sha256 in sorted(hashes):
            for row in self._connection.execute("SELECT * FROM taken WHERE sha256 = ?", (sha256,)):
                yield JournalEntry(*row)

    def tombstone_of(self, digest: str) -> str | None:
        """Return the tombstone that a keyed digest of bytes lies under, or None."""
        row = self._connection.execute("SELECT tombstone FROM forgotten WHERE digest = ?", (digest,)).fetchone()
        return str(row[0]) if row else None

    def has_tombstones(self) -> bool:
        """Say whether any file was forgotten."""
        return self._connection.execute("SELECT 1 FROM forgotten").fetchone() is not None

    def tombstones(self) -> Mapping[str, str]:
        """Return the tombstone of each forgotten file, by its keyed digest."""
        return dict(self._connection.execute("SELECT digest, tombstone FROM forgotten"))

    def stored(self) -> Iterator[str]:
        """Yield the hash of all bytes that the journal says are stored, in the order of the hashes."""
        for row in self._connection.execute("SELECT sha256 FROM owners ORDER BY sha256"):
            yield str(row[0])

    def stored_count(self) -> int:
        """Return how many different bytes are stored."""
        return int(self._connection.execute("SELECT count(*) FROM owners").fetchone()[0])


@contextmanager
def index_of_journal(places: Places) -> Iterator[Index]:
    """Give an index in memory that was made from the journal alone, for who does not trust the one on disk."""
    with closing(_connect(None)) as connection:
        index = Index(places, connection)
        index.catch_up()
        yield index


@contextmanager
def open_index(places: Places) -> Iterator[Index]:
    """Open the index; a missing, damaged or foreign one is made anew from the journal. Raises StoreError.

    Where it cannot be written (a full or read-only disk) one in memory stands in, made from the journal too.
    """
    path = places.raw / "index.sqlite"
    try:
        connection = _connect(path)
    except (sqlite3.OperationalError, OSError):
        connection = _connect(None)
    except sqlite3.DatabaseError:
        for leftover in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            leftover.unlink(missing_ok=True)
        connection = _connect(path)
    with closing(connection):
        try:
            if _is_ahead(places, connection):
                connection.executescript("".join(f"DELETE FROM {table};" for table in _TABLES))  # noqa: S608 - names of ours
            yield Index(places, connection)
        except sqlite3.Error as error:
            raise StoreError(f"cannot use the index {path}: {error}") from error


def _connect(path: Path | None) -> sqlite3.Connection:
    """Open the index's file, or one in memory."""
    if path is not None and not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))
    connection = sqlite3.connect(path or ":memory:", timeout=60, check_same_thread=False)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version not in {0, _VERSION}:
        connection.close()
        raise sqlite3.DatabaseError("another version")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.executescript(_SCHEMA)
    connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.commit()
    return connection


def _is_ahead(places: Places, connection: sqlite3.Connection) -> bool:
    """Say whether the index knows more than the journal holds: somebody put an older journal in its place."""
    row = connection.execute("SELECT offset FROM seen").fetchone()
    path = journal_path(places)
    return bool(row) and int(row[0]) > (path.stat().st_size if path.exists() else 0)
