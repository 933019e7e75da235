"""History: hold journal and plans against the anchor, and against what others have recorded of the journal's head."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from xray_platform.dicom.intake.anchor import (
    Anchor,
    JournalPosition,
    anchor_path,
    carries_seals,
    checked_anchor,
    is_plan,
    read_anchor,
)
from xray_platform.dicom.intake.journal import broken_links, journal_path, last_line
from xray_platform.dicom.intake.redacted import is_redacted, seal_fits
from xray_platform.dicom.intake.seal import Sealer
from xray_platform.dicom.pseudonym import known_key
from xray_platform.errors import StoreError, XrayError
from xray_platform.tables.places import Places


@dataclass(frozen=True)
class RecordedHead:
    """What was written down outside of the raw zone when a batch was taken in: the journal's head of that moment."""

    batch: str
    series: str
    head: JournalPosition


@dataclass(frozen=True)
class HistoryFault:
    """Something in the history that was changed: in which file below the raw zone, and what in words."""

    where: str
    what: str


def is_anchored(places: Places) -> bool:
    """Say whether the raw zone has an anchor, or nothing yet that one could hold."""
    return anchor_path(places).exists() or not (journal_path(places).exists() or any(places.plans.glob("batch-*")))


def head_of(places: Places) -> RecordedHead | None:
    """Return the head of the journal as it is signed now, to be recorded elsewhere; it names no batch."""
    found = read_anchor(places)
    return RecordedHead("", found[0].series, found[0].head) if found else None


def faults(places: Places, recorded: Sequence[RecordedHead] = ()) -> Iterator[HistoryFault]:
    """Yield what was changed in journal and plans since they were written; nothing is changed here.

    The anchor is read first: what an intake appends meanwhile lies beyond it. Without the key that signed it, size
    and hashes are held against it all the same, and that its seals cannot be checked is said.
    """
    anchor, sealer, found_here = _anchor(places, recorded)
    yield from found_here
    yield from _journal(places, anchor, sealer)
    if anchor:
        yield from _plans(places, anchor, sealer)
        yield from _recorded(places, anchor, recorded)


def _anchor(
    places: Places, recorded: Sequence[RecordedHead]
) -> tuple[Anchor | None, Sealer | None, list[HistoryFault]]:
    """Return the anchor, what checks its seals (None where nothing can), and what is wrong with it."""
    where = anchor_path(places).name
    try:
        key = known_key(outside=[places.root])
    except XrayError as error:
        key, found_here = None, [HistoryFault(where, str(error))]
    else:
        found_here = []
    try:
        found = checked_anchor(places, key)
    except StoreError as error:
        return _unchecked(places), None, [*found_here, HistoryFault(where, str(error))]
    if found is None and (recorded or carries_seals(places)):
        found_here.append(HistoryFault(where, "it is gone, though this raw zone was signed"))
    return (*found, found_here) if found else (None, None, found_here)


def _unchecked(places: Places) -> Anchor | None:
    try:
        found = read_anchor(places)
    except StoreError:
        return None
    return found[0] if found else None


def _journal(places: Places, anchor: Anchor | None, sealer: Sealer | None) -> Iterator[HistoryFault]:
    path, began = journal_path(places), anchor.began if anchor else None
    if began is None or _prefix(path, began.size) != began.digest:
        yield from (HistoryFault(path.name, what) for what in broken_links(places))
        if began:
            yield HistoryFault(
                path.name, f"its first {began.size} bytes are not those that were there when it was signed"
            )
    else:
        yield from (HistoryFault(path.name, what) for what in broken_links(places, began.size))
    if anchor:
        if not _reaches(path, anchor.head):
            yield HistoryFault(path.name, "it is not the one that was signed: its last lines are changed or gone")
        if sealer:
            yield from _seals(path, anchor.began.size, sealer)


def _seals(path: Path, offset: int, sealer: Sealer) -> Iterator[HistoryFault]:
    """Tell of lines that no intake has written: the first by its number, the others counted."""
    first, count = 0, 0
    for number, at, line in _lines(path):
        if (at >= offset or is_redacted(line)) and line.endswith(b"\n") and not seal_fits(sealer, line):
            first, count = first or number, count + 1
    if count:
        others = f" and {count - 1} lines after it have" if count > 1 else " has"
        yield HistoryFault(
            path.name, f"line {first}{others} a seal that does not fit: changed, or not written by an intake"
        )


def _lines(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Yield number, offset and bytes of each line."""
    if path.exists():
        with path.open("rb") as stream:
            at = 0
            for number, line in enumerate(stream, start=1):
                yield number, at, line
                at += len(line)


def _prefix(path: Path, size: int) -> str:
    digest = sha256()
    if path.exists():
        with path.open("rb") as stream:
            while size and (chunk := stream.read(min(size, 1 << 20))):
                digest.update(chunk)
                size -= len(chunk)
    return digest.hexdigest()


def _reaches(path: Path, mark: JournalPosition) -> bool:
    """Say whether the journal has a whole line that ends at the mark and hashes as it says."""
    if not path.exists():
        return mark.size == 0
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return last_line(descriptor, mark.size) == (mark.size, mark.digest)
    finally:
        os.close(descriptor)


def _plans(places: Places, anchor: Anchor, sealer: Sealer | None) -> Iterator[HistoryFault]:
    for path in sorted(places.plans.glob("batch-*.json")):
        batch = path.stem
        if sealer is None and batch not in anchor.plans:
            continue  # that seals could not be checked is said already
        if not is_plan(anchor, sealer, batch, path.read_bytes()):
            yield HistoryFault(
                f"plans/{path.name}", "it is not as it was written: files, subjects or labels in it were changed"
            )


def _recorded(places: Places, anchor: Anchor, recorded: Sequence[RecordedHead]) -> Iterator[HistoryFault]:
    path = journal_path(places)
    for said in recorded:
        if said.series in anchor.replaces:
            continue
        if said.series != anchor.series:
            yield HistoryFault(
                anchor_path(places).name, f"it is another than the one under which {said.batch} was taken in"
            )
        elif not _reaches(path, said.head):
            yield HistoryFault(path.name, f"it is not the one that was recorded when {said.batch} was taken in")
