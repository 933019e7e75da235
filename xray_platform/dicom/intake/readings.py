"""Readings: what people said of images of the store, one line each, sealed, in a file that only grows (raw zone)."""

import os
from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xray_platform.dicom.intake.anchor import WAYS
from xray_platform.dicom.intake.journal import journal_lock, signed_journal
from xray_platform.dicom.intake.seal import unsealed
from xray_platform.errors import StoreError
from xray_platform.tables.owner_only import FILE_MODE, make_folder
from xray_platform.tables.places import Places

KIND = "reading"


class Reading(BaseModel):
    """What a person said of an image, and what the model had said: who, when, what.

    `boxes` are top, left, height and width in pixels of the standard image. `blind`: the model spoke afterwards.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["reading"] = "reading"
    at: str
    reader: str = Field(min_length=1, max_length=64)
    image: str = Field(max_length=64)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    abnormal: bool
    agreed: bool
    blind: bool
    boxes: tuple[tuple[float, float, float, float], ...] = Field((), max_length=100)
    model: str
    version: str
    probability: float


class HandedOver(BaseModel):
    """All readings before this line were handed over to training, in these batches."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["handed_over"] = "handed_over"
    at: str
    batches: tuple[str, ...]


Line = Reading | HandedOver


def append_line(places: Places, line: Line) -> None:
    """Add a line, sealed and durable. Raises StoreError where it cannot be written; the file is then as before."""
    path = places.raw / "readings.jsonl"
    try:
        make_folder(places.raw / ".locks", places.raw)
        with journal_lock(places):
            _, sealer = signed_journal(places)
            text = sealer.sealed(KIND, line.model_dump_json().encode()) + b"\n"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE)
            try:
                _append(descriptor, text)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error


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


def read_lines(places: Places) -> Iterator[Line]:
    """Yield all whole lines in order. Raises StoreError for one that nobody with this store's key has written."""
    path = places.raw / "readings.jsonl"
    if not path.exists():
        return
    with journal_lock(places):
        _, sealer = signed_journal(places)
    for number, raw in enumerate(path.read_bytes().split(b"\n")[:-1], start=1):
        if not sealer.fits(KIND, raw):
            raise StoreError(f"line {number} of {path} was not written by this platform; {WAYS}")
        yield _line(path.name, number, unsealed(raw))


def _line(name: str, number: int, raw: bytes) -> Line:
    for kind in (Reading, HandedOver):
        try:
            return kind.model_validate_json(raw)
        except ValidationError:
            continue
    raise StoreError(f"line {number} of {name} cannot be read; it is of another version")


def waiting(lines: Sequence[Line]) -> list[Reading]:
    """Return the readings that were not handed over yet, in order."""
    last = max((place for place, line in enumerate(lines) if isinstance(line, HandedOver)), default=-1)
    return [line for line in lines[last + 1 :] if isinstance(line, Reading)]
