"""Journal: the append-only record of what came from where and when; each line holds the hash of the one before it."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from xray_platform.dicom.intake.anchor import GENESIS, WAYS, Anchor, JournalPosition, anchored, keep_anchor
from xray_platform.dicom.intake.redacted import is_redacted, line_hash, seal_fits
from xray_platform.dicom.intake.seal import Sealer
from xray_platform.errors import StoreError
from xray_platform.tables.owner_only import FILE_MODE, make_folder
from xray_platform.tables.places import Places

_TAIL = 1 << 16
Intake = Literal["stored", "known", "failed"]


@dataclass(frozen=True)
class JournalEntry:
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
class Tombstone:
    """That files were forgotten: how many, by whom, and their keyed digests, which tell nobody without the key."""

    tombstone: str
    files: int
    digests: tuple[str, ...]
    by: str


@dataclass(frozen=True)
class Line:
    """A line of the journal as it stands: what it says (None: it was redacted), and where the next line begins."""

    entry: JournalEntry | Tombstone | None
    next_offset: int


def journal_path(places: Places) -> Path:
    """Where the journal lies: in the raw zone, for it holds paths."""
    return places.raw / "journal.jsonl"


@contextmanager
def journal_lock(places: Places) -> Iterator[None]:
    """Let one process at a time write the journal and its anchor."""
    locks = places.raw / ".locks"
    make_folder(locks, places.raw)
    with FileLock(locks / "journal.lock", mode=FILE_MODE):
        yield


def signed_journal(places: Places) -> tuple[Anchor, Sealer]:
    """Return the anchor and what seals in its name, if the journal goes on from its signed head; else StoreError.

    A store that never had an anchor gets one. The caller holds the journal's lock.
    """
    anchor, sealer = anchored(places)
    path = journal_path(places)
    descriptor = os.open(path if path.exists() else os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _guard_head(descriptor, anchor, sealer)
    finally:
        os.close(descriptor)
    return anchor, sealer


def append(places: Places, entries: Sequence[JournalEntry | Tombstone]) -> int:
    """Append sealed entries, make them durable, then sign the new head; return where the next line will begin.

    The caller holds the journal's lock. A line that a crash left half-written is cut off first, and whole lines that
    a crash left beyond the signed head are taken in if their seals fit. Where the disk is full the journal is left as
    it was. Raises StoreError, also where the journal does not go on from its signed head.
    """
    path = journal_path(places)
    try:
        anchor, sealer = signed_journal(places)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            head = _append(descriptor, entries, sealer)
        finally:
            os.close(descriptor)
        keep_anchor(places, anchor.model_copy(update={"head": head}), sealer)
    except OSError as error:
        raise StoreError(f"cannot write the journal {path}: {error.strerror or error}") from error
    return head.size


def _append(descriptor: int, entries: Sequence[JournalEntry | Tombstone], sealer: Sealer) -> JournalPosition:
    start, previous = _mend_tail(descriptor)
    lines = list(_lines(entries, previous, sealer))
    text = b"".join(lines)
    try:
        done = 0
        while done < len(text):
            done += os.pwrite(descriptor, text[done:], start + done)
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, start)
        raise
    return JournalPosition(size=start + len(text), digest=line_hash(lines[-1]) if lines else previous)


def _guard_head(descriptor: int, anchor: Anchor, sealer: Sealer) -> None:
    """Raise StoreError unless the journal goes on from its signed head with nothing but whole, sealed lines."""
    if last_line(descriptor, anchor.head.size) != (anchor.head.size, anchor.head.digest):
        raise StoreError(f"the journal is not the one that was signed: its last lines are changed or gone; {WAYS}")
    beyond = os.pread(descriptor, os.fstat(descriptor).st_size - anchor.head.size, anchor.head.size)
    previous = anchor.head.digest
    for line in beyond.split(b"\n")[:-1]:
        if _previous(line) != previous or not seal_fits(sealer, line):
            raise StoreError(f"the journal has lines that no intake has written; {WAYS}")
        previous = line_hash(line)


def _lines(entries: Sequence[JournalEntry | Tombstone], previous: str, sealer: Sealer) -> Iterator[bytes]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    for entry in entries:
        said = json.dumps({"prev": previous, "at": now, **vars(entry)}, separators=(",", ":")).encode()
        line = sealer.sealed("journal", said) + b"\n"
        previous = line_hash(line)
        yield line


def _previous(line: bytes) -> object:
    """Return what a line says of the line before it; None where it says nothing."""
    try:
        return json.loads(line).get("prev")
    except (ValueError, AttributeError):
        return None


def _mend_tail(descriptor: int) -> tuple[int, str]:
    """Cut off a half-written last line; return the length that is left, and the hash of its last line."""
    size = os.fstat(descriptor).st_size
    whole, last = last_line(descriptor, size)
    if whole < size:
        os.ftruncate(descriptor, whole)
    return whole, last


def last_line(descriptor: int, size: int) -> tuple[int, str]:
    """Return where the last whole line of the first `size` bytes ends, and its hash; 0 and GENESIS without one."""
    back = _TAIL
    while True:
        start = max(size - back, 0)
        tail = os.pread(descriptor, size - start, start)
        end = tail.rfind(b"\n")
        begin = tail.rfind(b"\n", 0, max(end, 0))
        if begin >= 0 or start == 0:
            return start + end + 1, line_hash(tail[begin + 1 : end]) if end > 0 else GENESIS
        back *= 4


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


def _entry(path: Path, raw: bytes) -> JournalEntry | Tombstone | None:
    if is_redacted(raw):
        return None
    try:
        said: dict[str, Any] = json.loads(raw)
        values = {key: value for key, value in said.items() if key not in {"prev", "at", "seal"}}
        if "tombstone" in values:
            return Tombstone(**{**values, "digests": tuple(values["digests"])})
        return JournalEntry(**values)
    except (ValueError, TypeError) as error:
        raise StoreError(f"the journal {path} holds a line that cannot be read") from error


def broken_links(places: Places, offset: int = 0) -> Iterator[str]:
    """Yield in words each place, from a byte offset on, where the chain of the journal is broken."""
    path, previous, at = journal_path(places), GENESIS, 0
    if not path.exists():
        return
    with path.open("rb") as stream:
        for number, raw in enumerate(stream, start=1):
            if not raw.endswith(b"\n"):
                yield f"line {number} is half-written"
                return
            if at >= offset and _previous(raw) != previous:
                yield f"line {number} does not follow from the line before it"
            previous, at = line_hash(raw), at + len(raw)
