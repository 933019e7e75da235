"""Copying: read a source once, hash it and write it down in the same breath."""

import errno
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

from xray_platform.dicom.plan import PlannedFile
from xray_platform.dicom.sources import ZipCaps, member_fault, unspelled

CHUNK = 8 * 1024**2


class SourceError(Exception):
    """A source cannot be taken in; the text says why, without its path."""


@dataclass(frozen=True)
class Copied:
    """What was copied: hash, length and time of change of the source at that moment."""

    sha256: str
    size_bytes: int
    modified_ns: int


def copy(file: PlannedFile, target: Path) -> Copied:
    """Copy a planned file to `target` (read-only for all, 0444). The file is not made durable yet.

    Raises SourceError where the source is at fault, OSError where the target is.
    """
    with _opened(file) as source:
        return _pour(source, target)


@dataclass
class _Source:
    stream: IO[bytes]
    size_bytes: int
    modified_ns: int
    descriptor: int | None = None

    def changed(self, length: int) -> bool:
        """Say whether the source changed while it was read."""
        if self.descriptor is None:
            return False
        status = os.fstat(self.descriptor)
        return (status.st_size, status.st_mtime_ns, length) != (self.size_bytes, self.modified_ns, self.size_bytes)


@contextmanager
def _opened(file: PlannedFile) -> Iterator[_Source]:
    path = Path(unspelled(file.path))
    try:
        # Without O_NONBLOCK a named pipe would wait here for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise SourceError(_why(error)) from error
    with os.fdopen(descriptor, "rb", buffering=0) as raw:
        status = os.fstat(raw.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise SourceError("not a regular file")
        if file.member is None:
            yield _Source(raw, status.st_size, status.st_mtime_ns, raw.fileno())
        else:
            with _member(raw, unspelled(file.member)) as (stream, size):
                yield _Source(stream, size, status.st_mtime_ns)


@contextmanager
def _member(raw: IO[bytes], name: str) -> Iterator[tuple[IO[bytes], int]]:
    try:
        with zipfile.ZipFile(raw) as archive:
            entry = archive.getinfo(name)
            fault = member_fault(entry)
            if fault:
                raise SourceError(fault)
            with archive.open(entry) as stream:
                yield stream, entry.file_size
    except (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError, EOFError) as error:
        raise SourceError("a damaged zip archive or member") from error


def _pour(source: _Source, target: Path) -> Copied:
    digest, length, limit = sha256(), 0, _limit(source)
    with os.fdopen(
        os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444), "wb", buffering=0
    ) as out:
        while chunk := _read(source.stream):
            digest.update(chunk)
            _write(out, chunk)
            length += len(chunk)
            if length > limit:
                raise SourceError("longer than it says")
    if source.changed(length):
        raise SourceError("it changed while it was read")
    return Copied(digest.hexdigest(), length, source.modified_ns)


def _limit(source: _Source) -> int:
    """A zip member may unpack to more than its table says; a file may at most grow, and is then found changed."""
    return source.size_bytes if source.descriptor is None else max(source.size_bytes, ZipCaps().total_bytes)


def _read(stream: IO[bytes]) -> bytes:
    try:
        return stream.read(CHUNK)
    except OSError as error:
        raise SourceError(_why(error)) from error


def _write(out: IO[bytes], chunk: bytes) -> None:
    done = 0
    while done < len(chunk):
        done += out.write(chunk[done:] if done else chunk)


def _why(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "it is not there any more"
    return f"it cannot be read: {error.strerror or 'unknown reason'}"
