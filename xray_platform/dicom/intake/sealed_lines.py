"""Sealed lines: files of the raw zone that only grow, one sealed line each time, durable before anybody goes on."""

import os
from collections.abc import Iterator
from pathlib import Path

from xray_platform.dicom.intake.anchor import WAYS
from xray_platform.dicom.intake.journal import journal_lock, signed_journal
from xray_platform.dicom.intake.seal import unsealed
from xray_platform.errors import StoreError
from xray_platform.tables.owner_only import FILE_MODE, make_folder
from xray_platform.tables.places import Places


def append_sealed(places: Places, name: str, kind: str, text: str) -> None:
    """Add a JSON object, sealed and durable. Raises StoreError where it cannot be written; nothing is changed then."""
    path = places.raw / name
    try:
        make_folder(places.raw / ".locks", places.raw)
        make_folder(path.parent, places.raw)
        with journal_lock(places):
            _, sealer = signed_journal(places)
            line = sealer.sealed(kind, text.encode()) + b"\n"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE)
            try:
                _append(descriptor, line)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error


def read_sealed(places: Places, name: str, kind: str) -> Iterator[tuple[int, bytes]]:
    """Yield number and text of all whole lines. Raises StoreError for one that nobody with this store's key wrote."""
    path = places.raw / name
    if not path.exists():
        return
    with journal_lock(places):
        _, sealer = signed_journal(places)
    for number, raw in enumerate(path.read_bytes().split(b"\n")[:-1], start=1):
        if not sealer.fits(kind, raw):
            raise StoreError(f"line {number} of {path} was not written by this platform; {WAYS}")
        yield number, unsealed(raw)


def unreadable(path: Path, number: int) -> StoreError:
    """Return the error of a line that is sealed and yet says nothing that this version understands."""
    return StoreError(f"line {number} of {path.name} cannot be read; it is of another version")


def _append(descriptor: int, text: bytes) -> None:
    """Append a whole line or nothing; a line that a crash left half-written is ended first, and is no line."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        os.ftruncate(descriptor, _whole(descriptor, size))
    size = os.fstat(descriptor).st_size
    try:
        done = 0
        while done < len(text):
            done += os.write(descriptor, text[done:])
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _whole(descriptor: int, size: int) -> int:
    """Return where the last whole line ends."""
    return os.pread(descriptor, size, 0).rfind(b"\n") + 1
