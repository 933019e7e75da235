"""Anchor: the signed head of the journal, by which a changed past is noticed, and what stands for older plans.

The journal's chain proves its order, not its truth: whoever can write can hash it anew. So each line and each plan
ends in a seal (HMAC) under a sub-key of the pseudonym key, which never lies with the data, and `anchor.json` says under
such a seal how far the journal has got, so that lines cut off at its end are missed.
"""

import os
import secrets
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xray_platform.atomic import atomic_write
from xray_platform.dicom.intake.redacted import line_hash
from xray_platform.dicom.intake.seal import Sealer, has_seal, unsealed
from xray_platform.dicom.pseudonym import PseudonymKey, known_key, load_key
from xray_platform.errors import StoreError
from xray_platform.tables.owner_only import FILE_MODE, make_folder
from xray_platform.tables.places import Places

GENESIS = "0" * 64


class JournalPosition(BaseModel):
    """A place in the journal: how many bytes lie before it, and a SHA-256 (for the head: of the line before it)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(ge=0)
    digest: str = Field(pattern="^[0-9a-f]{64}$")


class Anchor(BaseModel):
    """What `anchor.json` holds, before its seal.

    `series` names this anchoring of this store, `key` the key (by its id), `began` how much of the journal was there
    when it was anchored (with the SHA-256 of all of it), `plans` the SHA-256 of the plans of that time, `head` the
    end of the journal, `replaces` the series that were given up on purpose.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    series: str
    key: str
    began: JournalPosition
    plans: dict[str, str] = {}
    replaces: tuple[str, ...] = ()
    head: JournalPosition


def anchor_path(places: Places) -> Path:
    """Where the anchor lies: beside the journal."""
    return places.raw / "anchor.json"


def read_anchor(places: Places) -> tuple[Anchor, bytes] | None:
    """Return the anchor and its bytes, unchecked; None where there is none. Raises StoreError."""
    path = anchor_path(places)
    try:
        raw = path.read_bytes()
        return Anchor.model_validate_json(unsealed(raw)), raw
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise StoreError(f"the anchor {path} is damaged or cannot be read; put it back from a backup") from error


def checked_anchor(places: Places, key: PseudonymKey | None) -> tuple[Anchor, Sealer] | None:
    """Return the anchor and what seals in its name; None where there is none.

    Raises StoreError where it is signed with another key than `key`, or does not carry the seal that it must.
    """
    found = read_anchor(places)
    if found is None:
        return None
    anchor, raw = found
    if key is None or key.id != anchor.key:
        here = f"this machine has {key.id}" if key else "this machine has none"
        raise StoreError(f"the raw zone is signed with the pseudonym key {anchor.key}, {here}; give that key")
    sealer = Sealer(key, anchor.series)
    if not sealer.fits("anchor", raw):
        raise StoreError(f"the anchor {anchor_path(places)} was changed: its seal does not fit")
    return anchor, sealer


def anchored(places: Places) -> tuple[Anchor, Sealer]:
    """Return the store's anchor; a store that never had one is anchored as it is now.

    The caller holds the journal's lock. Raises StoreError as `checked_anchor` does, and where the anchor is gone from
    a store whose journal or plans carry seals.
    """
    found = checked_anchor(places, known_key(outside=[places.root]))
    if found:
        return found
    if carries_seals(places):
        raise StoreError(f"the anchor {anchor_path(places)} is gone, though plans or journal are signed; {WAYS}")
    return anchor_anew(places, load_key(outside=[places.root]))


WAYS = "put it back from a backup, or look at `xray verify` and take the raw zone as it is by `xray verify --accept`"


def anchor_anew(places: Places, key: PseudonymKey, replaces: Sequence[str] = ()) -> tuple[Anchor, Sealer]:
    """Begin a new series with the journal and the plans as they are now; the caller holds the journal's lock."""
    journal = places.raw / "journal.jsonl"
    size, digest, last = _measured(journal)
    anchor = Anchor(
        series=secrets.token_hex(8),
        key=key.id,
        began=JournalPosition(size=size, digest=digest),
        plans={path.stem: sha256(path.read_bytes()).hexdigest() for path in sorted(places.plans.glob("batch-*.json"))},
        replaces=tuple(replaces),
        head=JournalPosition(size=size, digest=last),
    )
    sealer = Sealer(key, anchor.series)
    keep_anchor(places, anchor, sealer)
    _make_name_durable(places.raw)  # no sealed line may ever be there without it
    return anchor, sealer


def keep_anchor(places: Places, anchor: Anchor, sealer: Sealer) -> None:
    """Write the anchor as a whole, durable before it takes its name."""
    path = anchor_path(places)
    make_folder(path.parent, places.raw)
    sealed = sealer.sealed("anchor", anchor.model_dump_json().encode())
    atomic_write(path, sealed + b"\n", mode=FILE_MODE, durable=True)


def carries_seals(places: Places) -> bool:
    """Say whether any plan or any line of the journal carries a seal."""
    journal = places.raw / "journal.jsonl"
    if journal.exists():
        with journal.open("rb") as stream:
            if any(has_seal(line) for line in stream):
                return True
    return any(has_seal(path.read_bytes()) for path in places.plans.glob("batch-*.json"))


def guard_plan(places: Places, batch: str, raw: bytes) -> None:
    """Raise StoreError where the bytes of a plan are not those that were written when its batch was opened."""
    found = read_anchor(places)
    if found is None and not has_seal(raw):
        return  # a store from before plans were signed; its next intake anchors it
    checked = checked_anchor(places, known_key(outside=[places.root]))
    if checked is None or not is_plan(*checked, batch, raw):
        raise StoreError(
            f"the plan {places.plans / f'{batch}.json'} is not as it was written: its seal does not fit; {WAYS}"
        )


def is_plan(anchor: Anchor, sealer: Sealer | None, batch: str, raw: bytes) -> bool:
    """Say whether these bytes are the plan of that batch."""
    if batch in anchor.plans:
        return sha256(raw).hexdigest() == anchor.plans[batch]
    return sealer is not None and sealer.fits(f"plan {batch}", raw)


def _measured(journal: Path) -> tuple[int, str, str]:
    """Return the size of the journal's whole lines, their SHA-256, and that of the last of them."""
    digest, size, last = sha256(), 0, GENESIS
    if journal.exists():
        with journal.open("rb") as stream:
            for line in stream:
                if line.endswith(b"\n"):
                    digest.update(line)
                    size, last = size + len(line), line_hash(line)
    return size, digest.hexdigest(), last


def _make_name_durable(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
