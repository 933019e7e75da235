"""Hash copy: read a source once, and hash and copy what was read."""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

from xray_platform.dicom.intake.batch_plan import PlannedFile
from xray_platform.dicom.intake.safe_open import CHANGED, OpenSource, SourceError, open_source
from xray_platform.dicom.intake.sources import unspelled
from xray_platform.tables.owner_only import KEPT_MODE

CHUNK = 8 * 1024**2


@dataclass(frozen=True)
class Copied:
    """What was copied: hash, length and time of change of the source at that moment."""

    sha256: str
    size_bytes: int
    modified_ns: int


def copy(file: PlannedFile, target: Path, source: str) -> Copied:
    """Copy a planned file to `target` (for its owner to read, 0400). The file is not made durable yet.

    `source` is what was handed in; a file below it that a link leads out of it is refused. Raises SourceError where
    the source is at fault, OSError where the target is.
    """
    member = unspelled(file.member) if file.member else None
    within = None if file.path == source else Path(unspelled(source))
    with open_source(Path(unspelled(file.path)), member, within) as opened:
        return _pour(opened, target)


def _pour(source: OpenSource, target: Path) -> Copied:
    digest, length = sha256(), 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, KEPT_MODE)
    with os.fdopen(descriptor, "wb", buffering=0) as out:
        while chunk := source.read(CHUNK):
            length += len(chunk)
            if length > source.size_bytes:
                # A file that others append to may grow as fast as it is read, and this would never end.
                raise SourceError(CHANGED)
            digest.update(chunk)
            _write(out, chunk)
    if source.changed(length):
        raise SourceError(CHANGED)
    return Copied(digest.hexdigest(), length, source.modified_ns)


def _write(out: IO[bytes], chunk: bytes) -> None:
    done = 0
    while done < len(chunk):
        done += out.write(chunk[done:] if done else chunk)
