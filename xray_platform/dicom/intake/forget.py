"""Forget: a tombstone in the journal, and nothing else left of some files in journal, plans and sealed lists.

The tombstone comes first, then what was said of the files is overwritten, and only then may their bytes go: whoever is
cut off in between leaves bytes of which the journal does not speak, and `xray verify` says so.
"""

import json
from collections.abc import Callable, Collection, Iterator
from getpass import getuser
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from xray_platform.atomic import atomic_write
from xray_platform.dicom.intake.anchor import Anchor, JournalPosition, keep_anchor
from xray_platform.dicom.intake.batch_plan import BatchPlan
from xray_platform.dicom.intake.index import index_of_journal
from xray_platform.dicom.intake.journal import Tombstone, append, journal_lock, journal_path, signed_journal
from xray_platform.dicom.intake.redacted import is_redacted, redacted
from xray_platform.dicom.intake.seal import Sealer, unsealed
from xray_platform.dicom.pseudonym import PseudonymKey
from xray_platform.errors import StoreError
from xray_platform.tables.owner_only import FILE_MODE, KEPT_MODE
from xray_platform.tables.places import Places

PlannedSource = tuple[str, str]
"""A batch, and the source of one of its files as the catalogue names it."""
_OTHER = "it is not as it was written; look at `xray verify` before anybody is forgotten"


def keyed_digest(key: PseudonymKey, digest: str) -> str:
    """Return what a tombstone says of the SHA-256 of a file: 32 hexadecimal digits that only the key makes."""
    return key.seal("forgotten bytes", digest.encode())


def tombstones(places: Places) -> dict[str, str]:
    """Return the tombstone of each forgotten file by its keyed digest, as the journal itself has them."""
    with index_of_journal(places) as index:
        return dict(index.tombstones())


def bury(places: Places, key: PseudonymKey, tombstone: str, hashes: Collection[str]) -> None:
    """Append a tombstone for these raw files, unless it is there. Raises StoreError."""
    with journal_lock(places):
        with index_of_journal(places) as index:
            if tombstone in set(index.tombstones().values()):
                return
        digests = tuple(sorted(keyed_digest(key, digest) for digest in hashes))
        append(places, [Tombstone(tombstone, len(digests), digests, getuser()[:64])])


def redact_history(places: Places, sources: Collection[PlannedSource], tombstone: str) -> None:
    """Overwrite what journal and plans say of these files; doing it again changes nothing.

    The journal's lines keep their length and their place in the chain, so that the heads that others recorded hold.
    Raises StoreError where journal or plans are not what was signed.
    """
    with FileLock(places.plans / ".lock", mode=FILE_MODE), journal_lock(places):
        anchor, sealer = signed_journal(places)
        lines = list(_redacted_lines(places, sources, tombstone, sealer))
        plans = list(_redacted_plans(places, sources, anchor, sealer))
        anchor = _anchor_of(places, anchor, b"".join(lines), plans)
        keep_anchor(places, anchor, sealer)
        for path, text in plans:
            atomic_write(path, text, mode=KEPT_MODE, durable=True)
        atomic_write(journal_path(places), lines, mode=FILE_MODE, durable=True)
    for index in places.raw.glob("index.sqlite*"):
        index.unlink(missing_ok=True)  # it is made anew from the journal
    (places.raw / ".index" / "plans.sqlite").unlink(missing_ok=True)


def forget_lines(places: Places, name: str, speaks_of: Callable[[dict[str, object]], bool]) -> int:
    """Take the lines out of a file of sealed lines (readings, results sent) that speak of somebody; return how many."""
    path = places.raw / name
    if not path.exists():
        return 0
    with journal_lock(places):
        lines = path.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if not speaks_of(json.loads(unsealed(line)))]
        if len(kept) < len(lines):
            atomic_write(path, kept, mode=FILE_MODE, durable=True)
    return len(lines) - len(kept)


def _redacted_lines(
    places: Places, sources: Collection[PlannedSource], tombstone: str, sealer: Sealer
) -> Iterator[bytes]:
    with journal_path(places).open("rb") as stream:
        for line in stream:
            if is_redacted(line) or not line.endswith(b"\n"):
                yield line
                continue
            said = json.loads(line)
            doomed = (said.get("batch"), said.get("source")) in sources
            yield redacted(line, tombstone, sealer) if doomed else line


def _redacted_plans(
    places: Places, sources: Collection[PlannedSource], anchor: Anchor, sealer: Sealer
) -> Iterator[tuple[Path, bytes]]:
    """Yield the plans that hold any of the files, as they are without; a changed plan is refused, not signed."""
    for batch in sorted({batch for batch, _ in sources}):
        path = places.plans / f"{batch}.json"
        raw = path.read_bytes()
        plan = BatchPlan.model_validate_json(unsealed(raw))
        kept = tuple(file for file in plan.files if (batch, file.source) not in sources)
        text = plan.model_copy(update={"files": kept}).model_dump_json(indent=1, exclude_defaults=True).encode()
        made = sealer.sealed(f"plan {batch}", text)
        known = {sha256(raw).hexdigest(), sha256(made).hexdigest()}
        if anchor.plans.get(batch) not in known if batch in anchor.plans else not sealer.fits(f"plan {batch}", raw):
            raise StoreError(f"the plan {path} cannot be redacted: {_OTHER}")
        if len(kept) < len(plan.files) or batch in anchor.plans:
            yield path, made


def _anchor_of(places: Places, anchor: Anchor, journal: bytes, plans: Collection[tuple[Path, bytes]]) -> Anchor:
    """Return the anchor with the digests of what was there before it and now is redacted."""
    size = anchor.began.size
    with journal_path(places).open("rb") as stream:
        before = sha256(stream.read(size)).hexdigest()
    after = sha256(journal[:size]).hexdigest()
    if anchor.began.digest not in {before, after}:
        raise StoreError(f"the journal {journal_path(places)} cannot be redacted: {_OTHER}")
    digests = {path.stem: sha256(text).hexdigest() for path, text in plans if path.stem in anchor.plans}
    return anchor.model_copy(
        update={"began": JournalPosition(size=size, digest=after), "plans": {**anchor.plans, **digests}}
    )
