"""Raw store: take files into the raw store, byte for byte, named by their hash, in an order that survives any crash."""

import ctypes
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import pandas as pd
from filelock import FileLock

from xray_platform.dicom.intake.batch_plan import BatchPlan, PlannedFile
from xray_platform.dicom.intake.forget import keyed_digest
from xray_platform.dicom.intake.hash_copy import copy
from xray_platform.dicom.intake.index import Index, open_index
from xray_platform.dicom.intake.journal import Intake, JournalEntry, append, journal_lock
from xray_platform.dicom.intake.refused_files import FORGOTTEN
from xray_platform.dicom.intake.safe_open import SourceError
from xray_platform.dicom.pseudonym import PseudonymKey, load_key
from xray_platform.errors import StoreError
from xray_platform.object_store.on_demand import bring_raw, kept_size
from xray_platform.progress import Progress, silent
from xray_platform.tables.all import CATALOGUE
from xray_platform.tables.owner_only import FILE_MODE, make_folder, tighten
from xray_platform.tables.places import Places
from xray_platform.workers import cores

GROUP_FILES = 256
_GONE = "cannot read the raw file {path}: {reason}; what came from outside cannot be made anew, bring back a copy of it"
GROUP_BYTES = 256 * 1024**2


def raw_path(places: Places, sha256: str) -> Path:
    """Return where the raw bytes of this hash lie."""
    return places.raw / sha256[:2] / sha256[2:4] / sha256


def read_raw(places: Places, sha256: str) -> bytes:
    """Return the raw bytes of this hash; raises StoreError where they are gone, which nothing can make good."""
    path = raw_path(places, sha256)
    bring_raw(places, [path])
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(_GONE.format(path=path, reason=error.strerror or error)) from error


def lost_raw(places: Places) -> dict[str, str]:
    """Return which raw files are missing or not as long as they were, each with what that means; nothing is read."""
    lost: dict[str, str] = {}
    for batch in CATALOGUE.parts(places):
        rows = CATALOGUE.earlier(places, batch)
        stored = rows[rows["intake"] == "stored"]
        for sha256, size in zip(stored["sha256"].astype(str), stored["size_bytes"], strict=True):
            path = raw_path(places, sha256)
            found = kept_size(places, path)
            if found != size:
                reason = "it is missing" if found is None else f"it has {found} bytes; {size} came"
                lost[sha256] = _GONE.format(path=path, reason=reason)
    return lost


def take_in(places: Places, plan: BatchPlan, *, progress: Progress = silent) -> pd.DataFrame:
    """Copy the files of a batch into the raw store and return its rows of the catalogue, one a file.

    Files go in groups: all are written to temporary files and made durable, then renamed to their hash, then the
    journal is appended. A crash at any moment leaves whole files and a whole journal; taking the same plan in again
    continues, and gives the same rows as if nothing had happened. Files that the index knows by path, size and time
    of change are not read again; bytes that are there are not stored twice. A file that cannot be read is a row with
    a reason, and so is one whose bytes were forgotten, unless the plan brings such back. Raises StoreError where the
    store cannot be written (a full disk).
    """
    with _at_intake(places, plan) as index:
        entries = _take_in(places, plan, index, progress)
    return CATALOGUE.frame([vars(entries[file.source]) for file in plan.files])


def take_in_some(places: Places, plan: BatchPlan, seconds: float) -> bool:
    """Take files of a batch in, a group at least and for about so long, and say whether all of it is there.

    For a machine that alone sees the files: `take_in` goes on from there anywhere, and reads none of those again.
    Raises StoreError as `take_in` does.
    """
    deadline = time.monotonic() + seconds
    with _at_intake(places, plan) as index:
        entries = _take_in(places, plan, index, silent, lambda: time.monotonic() >= deadline)
    return all(file.source in entries for file in plan.files)


@contextmanager
def _at_intake(places: Places, plan: BatchPlan) -> Iterator[Index]:
    """Let nobody else take the same batch in."""
    try:
        make_folder(places.raw / ".locks", places.raw)
        tighten(places.raw)
        with FileLock(places.raw / ".locks" / f"{plan.batch}.lock", mode=FILE_MODE), open_index(places) as index:
            yield index
    except OSError as error:
        raise StoreError(f"cannot write the raw archive {places.raw}: {error.strerror or error}") from error


def _take_in(
    places: Places, plan: BatchPlan, index: Index, progress: Progress, enough: Callable[[], bool] = lambda: False
) -> dict[str, JournalEntry]:
    with journal_lock(places):
        index.catch_up()
    entries = {entry.source: entry for entry in index.of_batch(plan.batch)}
    todo = [file for file in plan.files if file.source not in entries]
    done = len(plan.files) - len(todo)
    with _incoming(places, plan.batch) as folder, ThreadPoolExecutor(cores()) as pool:
        for group in _groups(todo):
            arrived = _arrivals(places, index, plan, group, folder, pool)
            for entry in _commit(places, plan, index, arrived):
                entries[entry.source] = entry
            done += len(group)
            progress(done, len(plan.files), "files taken in")
            if enough():
                break
    return entries


def _groups(files: Sequence[PlannedFile]) -> Iterator[list[PlannedFile]]:
    group: list[PlannedFile] = []
    size = 0
    for file in files:
        if group and (len(group) == GROUP_FILES or size + file.size_bytes > GROUP_BYTES):
            yield group
            group, size = [], 0
        group.append(file)
        size += file.size_bytes
    if group:
        yield group


@dataclass(frozen=True)
class _Arrived:
    """A file that was read: where it waits (None where its bytes are known or could not be read)."""

    file: PlannedFile
    waiting: Path | None
    sha256: str | None
    size_bytes: int
    modified_ns: int
    reason: str = ""


def _arrivals(
    places: Places,
    index: Index,
    plan: BatchPlan,
    group: Sequence[PlannedFile],
    folder: Path,
    pool: ThreadPoolExecutor,
) -> list[_Arrived]:
    """Read a group: each thread takes its share of the files one after the other, for a task a file costs too much."""
    known = [
        None if file.again == "changed" else index.hash_of(file.source, file.size_bytes, file.modified_ns)
        for file in group
    ]
    numbers = range(len(group))
    shares = [numbers[first :: cores()] for first in range(cores())]

    def read(share: range) -> list[_Arrived]:
        return [_arrive(places, plan, folder / str(number), group[number], known[number]) for number in share]

    arrived = dict(zip(chain(*shares), chain(*pool.map(read, shares)), strict=True))
    return [arrived[number] for number in numbers]


def _arrive(places: Places, plan: BatchPlan, waiting: Path, file: PlannedFile, known: str | None) -> _Arrived:
    if known and kept_size(places, raw_path(places, known)) is not None:
        return _Arrived(file, None, known, file.size_bytes, file.modified_ns)
    try:
        copied = copy(file, waiting, plan.source)
    except SourceError as error:
        waiting.unlink(missing_ok=True)
        return _Arrived(file, None, None, file.size_bytes, file.modified_ns, str(error))
    return _Arrived(file, waiting, copied.sha256, copied.size_bytes, copied.modified_ns)


def _commit(places: Places, plan: BatchPlan, index: Index, arrived: Sequence[_Arrived]) -> list[JournalEntry]:
    """Make a group durable: data, then names, then journal, then index."""
    waiting = [each.waiting for each in arrived if each.waiting]
    if waiting:
        _make_durable(waiting[0])
    with journal_lock(places):
        index.catch_up()
        stored: set[str] = set()
        known = [each if plan.brings_back else _unless_forgotten(places, index, each) for each in arrived]
        entries = [_settle(places, plan.batch, index, each, stored) for each in known]
        if waiting:
            _make_durable(places.raw)
        index.note(entries, append(places, entries))
    return entries


def _unless_forgotten(places: Places, index: Index, each: _Arrived) -> _Arrived:
    """Return what arrived, or where its bytes lie under a tombstone, that it is refused; nothing is kept of it then."""
    if not each.sha256 or not index.has_tombstones():
        return each
    tombstone = index.tombstone_of(keyed_digest(_key(places), each.sha256))
    if tombstone is None:
        return each
    if each.waiting:
        each.waiting.unlink(missing_ok=True)
    return replace(each, waiting=None, sha256=None, reason=f"{FORGOTTEN} (tombstone {tombstone})")


def _key(places: Places) -> PseudonymKey:
    return load_key(outside=[places.root])


def _settle(places: Places, batch: str, index: Index, each: _Arrived, stored: set[str]) -> JournalEntry:
    """Rename a waiting file to its hash, unless the bytes are there; bytes that no journal line names are adopted."""
    intake: Intake = "failed"
    if each.sha256:
        intake = "known" if each.sha256 in stored or index.is_stored(each.sha256) else "stored"
        stored.add(each.sha256)
    if each.waiting and each.sha256:
        _rename(each.waiting, raw_path(places, each.sha256))
    file = each.file
    return JournalEntry(
        batch, file.source, file.relative, each.sha256, each.size_bytes, each.modified_ns, intake, each.reason
    )  # fmt: skip


def _rename(waiting: Path, path: Path) -> None:
    try:
        waiting.replace(path)
    except FileNotFoundError:
        make_folder(path.parent, path.parents[2])
        waiting.replace(path)


@contextmanager
def _incoming(places: Places, batch: str) -> Iterator[Path]:
    """Give an empty folder for waiting files; what an earlier crash left there is swept away."""
    folder = places.raw / ".incoming" / batch
    _sweep(folder)
    make_folder(folder, places.raw)
    try:
        yield folder
    finally:
        _sweep(folder)


def _sweep(folder: Path) -> None:
    if folder.is_dir():
        for leftover in folder.iterdir():
            leftover.unlink(missing_ok=True)
        folder.rmdir()


def _make_durable(path: Path) -> None:
    """Have the file system that holds `path` write down all that waits: one call for a whole group."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _SYNCFS is None or _SYNCFS(descriptor) != 0:
            os.sync()
    finally:
        os.close(descriptor)


# Python has no os.syncfs; where the C library has none either, os.sync does the same for all file systems.
_SYNCFS = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
