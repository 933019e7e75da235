"""Journal: the append-only record of what came from where and when, each line holding the hash of the line before."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from xray_platform.errors import StoreError
from xray_platform.tables.owner_only import FILE_MODE
from xray_platform.tables.places import Places

GENESIS = "0" * 64
_TAIL = 1 << 16
Intake = Literal["stored", "known", "failed"]


@dataclass(frozen=True)
class Entry:
    """One file's intake: what was done with it, and the SHA-256 of its bytes where they could be read."""

    batch: str
    source: str
    relative: str
    sha256: str | None
    size_bytes: int
    modified_ns: int
    intake: Intake
    reason: str = ""


@dataclass(frozen=True)
class Line:
    """A line of the journal as it stands: its entry, and where the next line begins."""

    entry: Entry
    next_offset: int


def journal_path(places: Places) -> Path:
    """Where the journal lies: in the raw zone, for it holds paths."""
    return places.raw / "journal.jsonl"


def append(places: Places, entries: Sequence[Entry]) -> int:
    """Append entries and make them durable; return where the next line will begin.

    The caller holds the journal's lock. A line that a crash left half-written is cut off first; where the disk is
    full the journal is left as it was. Raises StoreError.
    """
    path = journal_path(places)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            return _append(descriptor, entries)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StoreError(f"cannot write the journal {path}: {error.strerror or error}") from error


def _append(descriptor: int, entries: Sequence[Entry]) -> int:
    start, previous = _mend_tail(descriptor)
    text = b"".join(_lines(entries, previous))
    try:
        done = 0
        while done < len(text):
            done += os.pwrite(descriptor, text[done:], start + done)
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, start)
        raise
    return start + len(text)


def _lines(entries: Sequence[Entry], previous: str) -> Iterator[bytes]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    for entry in entries:
        line = json.dumps({"prev": previous, "at": now, **vars(entry)}, separators=(",", ":")).encode()
        previous = sha256(line).hexdigest()
        yield line + b"\n"


def _mend_tail(descriptor: int) -> tuple[int, str]:
    """Cut off a half-written last line; return the length that is left, and the hash of its last line."""
    size = os.fstat(descriptor).st_size
    whole, back = size, _TAIL
    while True:
        start = max(size - back, 0)
        tail = os.pread(descriptor, size - start, start)
        end = tail.rfind(b"\n")
        begin = tail.rfind(b"\n", 0, max(end, 0))
        if begin >= 0 or start == 0:
            break
        back *= 4
    whole = start + end + 1
    if whole < size:
        os.ftruncate(descriptor, whole)
    return whole, sha256(tail[begin + 1 : end]).hexdigest() if end > 0 else GENESIS


def read_journal(places: Places, offset: int = 0) -> Iterator[Line]:
    """Yield the whole lines from a byte offset on; a half-written last line is left out. Raises StoreError."""
    path = journal_path(places)
    if not path.exists():
        return
    with path.open("rb") as stream:
        stream.seek(offset)
        for raw in stream:
            if not raw.endswith(b"\n"):
                return
            offset += len(raw)
            yield Line(_entry(path, raw), offset)


def _entry(path: Path, raw: bytes) -> Entry:
    try:
        said: dict[str, Any] = json.loads(raw)
        return Entry(**{key: value for key, value in said.items() if key not in {"prev", "at"}})
    except (ValueError, TypeError) as error:
        raise StoreError(f"the journal {path} holds a line that cannot be read") from error


def broken_links(places: Places) -> Iterator[str]:
    """Yield in words each place where the chain of the journal is broken."""
    path, previous = journal_path(places), GENESIS
    if not path.exists():
        return
    with path.open("rb") as stream:
        for number, raw in enumerate(stream, start=1):
            if not raw.endswith(b"\n"):
                yield f"line {number} is half-written"
                return
            try:
                said = json.loads(raw).get("prev")
            except (ValueError, AttributeError):
                said = None
            if said != previous:
                yield f"line {number} does not follow from the line before it"
            previous = sha256(raw[:-1]).hexdigest()
