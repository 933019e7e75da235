"""Verify: hash the raw archive anew, and hold it against its journal, its plans, its anchor and its catalogue."""

import re
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Literal

from xray_platform.dicom.intake.batch_plan import batch_names
from xray_platform.dicom.intake.history import RecordedHead, faults
from xray_platform.dicom.intake.index import Index, index_of_journal
from xray_platform.dicom.intake.raw_store import raw_path
from xray_platform.errors import StoreError
from xray_platform.progress import Progress, silent
from xray_platform.tables.all import CATALOGUE
from xray_platform.tables.owner_only import KEPT_MODE, open_to_others
from xray_platform.tables.places import Places
from xray_platform.workers import cores

AT_ONCE = 1024
ERASURE = "forgetting.json"
"""Where the raw zone keeps what an erasure still has to look for; gone once nothing was found."""
_NAME = re.compile(r"[0-9a-f]{64}")
DifferenceKind = Literal[
    "changed", "missing", "unknown", "writable", "unfinished", "journal", "plan", "anchor", "catalogue", "open"
]
_KINDS: dict[str, DifferenceKind] = {"journal.jsonl": "journal", "anchor.json": "anchor"}


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it should be: of which kind, where (a path below the raw zone), and what in words."""

    kind: DifferenceKind
    where: str
    what: str


def verify(places: Places, progress: Progress = silent, recorded: Sequence[RecordedHead] = ()) -> list[Difference]:
    """Return all differences between the raw archive, its journal, its plans and its catalogue; none where all is well.

    `recorded` are heads of the journal that were written down elsewhere. Every stored file is read and hashed; the
    index on disk is not trusted. Nothing is changed. Raises StoreError where the archive cannot be read.
    """
    if not places.raw.is_dir():
        return [Difference("missing", "", "the raw zone is gone")] if recorded else []
    try:
        found = history_differences(places, recorded)
        with index_of_journal(places) as index:
            found += [
                Difference("plan", f"plans/{batch}.json", "it is gone, though the journal speaks of this batch")
                for batch in sorted(index.batches() - set(batch_names(places)))
            ]
            found += _files(places, index, progress)
            found += [
                Difference("missing", _where(sha256), "the journal says that it is stored")
                for sha256 in index.stored()
                if not raw_path(places, sha256).exists()
            ]
            found += _catalogue(places, index)
    except OSError as error:
        raise StoreError(f"cannot read the raw archive {places.raw}: {error.strerror or error}") from error
    return found


def history_differences(places: Places, recorded: Sequence[RecordedHead] = ()) -> list[Difference]:
    """Return what is wrong with journal, plans and anchor alone, which takes no reading of pictures."""
    if not places.raw.is_dir():
        return [Difference("missing", "", "the raw zone is gone")] if recorded else []
    history = [
        Difference(_KINDS.get(fault.where, "plan"), fault.where, fault.what) for fault in faults(places, recorded)
    ]
    if (places.raw / ERASURE).exists():
        history.append(Difference("unfinished", ERASURE, "an erasure is not done; `xray forget --finish` goes on"))
    return [*history, *_open(places)]


def _open(places: Places) -> Iterator[Difference]:
    """Yield that others than the owner may use what lies in the raw zone; a closed zone closes all that lies in it."""
    mode = stat.S_IMODE(places.raw.stat().st_mode)
    if mode & 0o077:
        yield Difference("open", ".", f"the raw zone has mode {mode:04o}, not 0700; the next intake closes it")
        for path in open_to_others(places.raw):
            mode = stat.S_IMODE(path.lstat().st_mode)
            yield Difference("open", _below(places, path), f"its mode is {mode:04o}; others than its owner may use it")


def _files(places: Places, index: Index, progress: Progress) -> Iterator[Difference]:
    """Yield what is wrong with the files that are there."""
    total = index.stored_count()
    done = 0
    with ThreadPoolExecutor(cores()) as pool:
        for folder in sorted(places.raw.glob("[0-9a-f][0-9a-f]")):
            files = sorted(path for path in folder.rglob("*") if not path.is_dir())
            for path, wrong in zip(files, pool.map(lambda path: list(_file(places, path)), files), strict=True):
                yield from wrong
                if _NAME.fullmatch(path.name) and not index.is_stored(path.name):
                    yield Difference("unknown", _below(places, path), "no line of the journal speaks of it")
            done += len(files)
            progress(done, max(total, done), "files verified")
    for path in sorted((places.raw / ".incoming").glob("*/*")):
        yield Difference("unfinished", _below(places, path), "left by an intake that was cut off; the next removes it")


def _file(places: Places, path: Path) -> Iterator[Difference]:
    where = _below(places, path)
    if not _NAME.fullmatch(path.name) or path != raw_path(places, path.name):
        yield Difference("unknown", where, "its name or place is not that of a stored file")
        return
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        yield Difference("unknown", where, "not a regular file")
        return
    if stat.S_IMODE(status.st_mode) != KEPT_MODE:
        yield Difference("writable", where, f"its mode is {stat.S_IMODE(status.st_mode):04o}, not {KEPT_MODE:04o}")
    with path.open("rb") as stream:
        found = file_digest(stream, "sha256").hexdigest()
    if found != path.name:
        yield Difference("changed", where, f"its bytes hash to {found[:16]}…")


def _catalogue(places: Places, index: Index) -> Iterator[Difference]:
    """Yield where a batch's part of the catalogue says anything else than the journal."""
    for batch in CATALOGUE.parts(places):
        try:
            frame = CATALOGUE.read(places, batch)
        except StoreError as error:
            yield Difference("catalogue", f"tables/catalogue/{batch}.parquet", str(error))
            continue
        written = {
            (row["source"], row["sha256"] if isinstance(row["sha256"], str) else None, row["intake"])
            for row in frame.to_dict("records")
        }
        journalled = {(entry.source, entry.sha256, entry.intake) for entry in index.of_batch(batch)}
        if written != journalled:
            count = len(written ^ journalled)
            yield Difference("catalogue", f"tables/catalogue/{batch}.parquet", f"{count} rows are not the journal's")


def _below(places: Places, path: Path) -> str:
    return path.relative_to(places.raw).as_posix()


def _where(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"
