"""Safe open: open a file or zip member that is to be taken in, and never wait, follow or unpack where it should not."""

import errno
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from xray_platform.dicom.intake.open_beneath import FILE, open_beneath
from xray_platform.dicom.intake.sources import ZipCaps, member_fault

# All that Python's zip reader was seen to raise on damaged archives.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, KeyError, NotImplementedError, OverflowError, RuntimeError,
    ValueError,
)  # fmt: skip
_DAMAGED_ZIP = "a damaged zip archive or member"


LINK = "it is a link that leads out of what was handed in"
_GONE = "it is not there any more"
_UNREADABLE = "it cannot be read"
CHANGED = "it changed while it was read, or is longer than its archive says"


class SourceError(Exception):
    """A source cannot be taken in; the text says why, without its path."""


@dataclass
class OpenSource:
    """An opened source: its bytes, and how long and how old it was when it was opened."""

    stream: IO[bytes]
    size_bytes: int
    modified_ns: int
    descriptor: int | None = None

    def changed(self, length: int) -> bool:
        """Say whether the source changed while `length` bytes were read from it."""
        if self.descriptor is None:
            return False
        status = os.fstat(self.descriptor)
        return (status.st_size, status.st_mtime_ns, length) != (self.size_bytes, self.modified_ns, self.size_bytes)

    def read(self, length: int) -> bytes:
        """Return up to so many bytes, none at the end. Raises SourceError."""
        try:
            return self.stream.read(length)
        except OSError as error:
            # bzip2 says by an OSError without number that its bytes are damaged.
            raise SourceError(why(error) if error.errno else _DAMAGED_ZIP) from error
        except _DAMAGED as error:
            raise SourceError(_DAMAGED_ZIP) from error


@contextmanager
def open_source(path: Path, member: str | None = None, within: Path | None = None) -> Iterator[OpenSource]:
    """Open a regular file, or a member of a zip archive. Raises SourceError where it cannot be read or may not.

    `within` is the folder that was handed in: a path that a link leads out of it is refused, whenever the link was
    made. Without it, links are followed: then the path itself was handed in.
    """
    try:
        descriptor = os.open(path, FILE) if within is None else open_beneath(path, within)
    except (OSError, ValueError) as error:
        raise SourceError(why(error)) from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        folder = stat.S_ISDIR(status.st_mode)
        raise SourceError("it is a folder that cannot be listed" if folder else "it is not a regular file")
    with os.fdopen(descriptor, "rb", buffering=0) as raw:
        if member is None:
            yield OpenSource(raw, status.st_size, status.st_mtime_ns, raw.fileno())
        else:
            with _member(raw, member) as (stream, size):
                yield OpenSource(stream, size, status.st_mtime_ns)


@contextmanager
def _member(raw: IO[bytes], name: str) -> Iterator[tuple[IO[bytes], int]]:
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(raw))
            entry = archive.getinfo(name)
            fault = member_fault(entry, ZipCaps())
            stream = None if fault else stack.enter_context(archive.open(entry))
        except (*_DAMAGED, OSError) as error:
            raise SourceError(_DAMAGED_ZIP) from error
        if stream is None:
            raise SourceError(fault or "it cannot be read")
        yield stream, entry.file_size


def why(error: OSError | ValueError) -> str:
    """Say in words why something could not be opened or read, without its path."""
    if isinstance(error, OSError) and error.errno == errno.ENOENT:
        return _GONE
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return LINK
    reason = error.strerror if isinstance(error, OSError) else None
    return f"{_UNREADABLE}: {reason or 'unknown reason'}"


def may_pass(reason: str) -> bool:
    """Say whether a file that could not be taken in may be another day, though its size and times stay as they are."""
    return reason.startswith((_UNREADABLE, CHANGED))
