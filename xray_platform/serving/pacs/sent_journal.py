"""Sent journal: who sent which results where and when, and how it ended; a sealed line each, in the raw zone."""

import getpass
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xray_platform.dicom.intake.sealed_lines import append_sealed, read_sealed, unreadable
from xray_platform.tables.places import Places

FILE = "pacs/sent.jsonl"
KIND = "sent"


class Sent(BaseModel):
    """One try to send the results about one image. `objects` are digests of their UIDs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: str
    by: str = Field(max_length=64)
    destination: str = Field(max_length=64)
    image: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the raw file")
    bundle: str = Field(pattern="^[0-9a-f]{64}$", description="digest of the bundle whose results they are")
    objects: tuple[str, ...]
    status: Literal["sent", "failed"]
    reason: str = Field("", max_length=200)


def note(places: Places, destination: str, image: str, bundle: str, uids: Sequence[str], reason: str) -> None:
    """Add a line; without a reason it was sent. Raises StoreError."""
    line = Sent(
        at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        by=getpass.getuser()[:64],
        destination=destination,
        image=image,
        bundle=bundle,
        objects=tuple(sha256(uid.encode()).hexdigest() for uid in uids),
        status="failed" if reason else "sent",
        reason=reason[:200],
    )
    append_sealed(places, FILE, KIND, line.model_dump_json())


def read_sent(places: Places) -> list[Sent]:
    """Return all lines in order. Raises StoreError for one that nobody with this store's key has written."""
    found = []
    for number, text in read_sealed(places, FILE, KIND):
        try:
            found.append(Sent.model_validate_json(text))
        except ValidationError:
            raise unreadable(places.raw / FILE, number) from None
    return found


def arrived(lines: Sequence[Sent], destination: str, bundle: str) -> frozenset[str]:
    """Return the images (their raw files) about which a destination has taken all results of a bundle."""
    wanted = (destination, bundle, "sent")
    return frozenset(line.image for line in lines if (line.destination, line.bundle, line.status) == wanted)
