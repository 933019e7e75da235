"""Readings: what people said of images of the store, one line each, sealed, in a file that only grows (raw zone)."""

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xray_platform.dicom.intake.sealed_lines import append_sealed, read_sealed, unreadable
from xray_platform.tables.places import Places

FILE = "readings.jsonl"
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
    append_sealed(places, FILE, KIND, line.model_dump_json())


def read_lines(places: Places) -> Iterator[Line]:
    """Yield all whole lines in order. Raises StoreError for one that nobody with this store's key has written."""
    for number, text in read_sealed(places, FILE, KIND):
        yield _line(places, number, text)


def _line(places: Places, number: int, raw: bytes) -> Line:
    for kind in (Reading, HandedOver):
        try:
            return kind.model_validate_json(raw)
        except ValidationError:
            continue
    raise unreadable(places.raw / FILE, number)


def waiting(lines: Sequence[Line]) -> list[Reading]:
    """Return the readings that were not handed over yet, in order."""
    last = max((place for place, line in enumerate(lines) if isinstance(line, HandedOver)), default=-1)
    return [line for line in lines[last + 1 :] if isinstance(line, Reading)]
