"""Backup: copy a store into a folder, each file by the digest of its bytes, and only what is not there yet."""

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from filelock import FileLock

from xray_platform.atomic import atomic_write
from xray_platform.dicom.intake.journal import journal_lock
from xray_platform.errors import InputError, StoreError
from xray_platform.keeping.snapshot import (
    FORGOTTEN,
    OBJECTS,
    SNAPSHOTS,
    KeptFile,
    Snapshot,
    object_path,
    read_snapshot,
    snapshot_names,
    write_snapshot,
)
from xray_platform.progress import Progress, silent
from xray_platform.tables.owner_only import FILE_MODE, KEPT_MODE, make_folder
from xray_platform.tables.places import BY_HAND, Places
from xray_platform.tables.sqlite_copy import BESIDE, DATABASES, copy_database

_DERIVED = ("data/standard/", "data/tensors/", "data/patches/")
_LEFT_OUT = ("data/raw/.locks/", "data/raw/.incoming/", "data/raw/.index/", "data/raw/index.sqlite", "mlruns/cache/")
_CHUNK = 1 << 20


@dataclass(frozen=True)
class BackedUp:
    """What a backup did: the snapshot's name, how many files it names, and of these how many bytes were copied now."""

    snapshot: str
    files: int
    size_bytes: int
    copied: int
    copied_bytes: int


def back_up(
    places: Places, backup: Path, key_id: str, *, with_derived: bool = False, progress: Progress = silent
) -> BackedUp:
    """Copy what makes a store into a folder, and write down which files these are.

    What the last snapshot names with the same size and time is not read again, if its bytes are there; raw files are
    held against their names. Databases are copied by SQLite itself, whole whoever writes them meanwhile. A backup that
    was cut off has left whole files, and is gone on with. Raises InputError where the folder lies in the store or holds
    something else, StoreError where it cannot be written, or a raw file is damaged.
    """
    _guard(places, backup)
    try:
        make_folder(backup / OBJECTS, backup)
        with FileLock(backup / ".lock", mode=FILE_MODE):
            _sweep(backup)
            files = list(_files(places, with_derived=with_derived))
            kept, copied = _keep_all(places, backup, files, progress)
            made = Snapshot(
                made_at=datetime.now(UTC).isoformat(timespec="milliseconds")[:23],
                key=key_id,
                with_derived=with_derived,
                files=kept,
            )
            name = write_snapshot(backup, made)
    except OSError as error:
        raise StoreError(f"cannot write the backup {backup}: {error.strerror or error}") from error
    return BackedUp(name, len(kept), sum(file.size for file in kept.values()), len(copied), sum(copied.values()))


def keep_forgotten(backup: Path, digests: Mapping[str, str]) -> None:
    """Add to the backup's list of what was forgotten, by keyed digest; a restored store is held against it."""
    atomic_write(backup / FORGOTTEN, json.dumps({**forgotten_in(backup), **digests}, indent=0), mode=FILE_MODE)


def forgotten_in(source: Path) -> dict[str, str]:
    """Return the tombstones by keyed digest that a file, or a backup, lists; none where there is no list.

    Raises StoreError where it cannot be read.
    """
    path = source / FORGOTTEN if source.is_dir() else source
    if not path.exists():
        return {}
    try:
        return {str(digest): str(stone) for digest, stone in json.loads(path.read_bytes()).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise StoreError(f"the list of the forgotten {path} cannot be read") from error


def is_derived(where: str) -> bool:
    """Say whether a path below `data` is of what `xray run` makes anew, which a backup may leave out."""
    return f"data/{where}".startswith(_DERIVED)


def prune(backup: Path) -> tuple[int, int]:
    """Remove all snapshots but the newest, and the bytes that only they name; return how many of each.

    Raises StoreError where the newest is damaged.
    """
    kept = {file.sha256 for file in read_snapshot(backup).files.values()}
    old = snapshot_names(backup)[:-1]
    for name in old:
        (backup / SNAPSHOTS / f"{name}.json").unlink()
    gone = [path for path in (backup / OBJECTS).rglob("*") if path.is_file() and path.name not in kept]
    for path in gone:
        path.unlink()
    return len(old), len(gone)


def _guard(places: Places, backup: Path) -> None:
    store, target = places.root.resolve(), backup.resolve()
    if target == store or (store / "data") in (target, *target.parents) or places.mlruns.resolve() in target.parents:
        raise InputError(f"{backup} lies in the store; a backup belongs on another disk")
    if target in store.parents:
        raise InputError(f"{backup} holds the store; give a folder of the backup's own")
    if backup.exists() and (not backup.is_dir() or (any(backup.iterdir()) and not (backup / OBJECTS).is_dir())):
        raise InputError(f"{backup} holds something else; give a new or empty folder, or an earlier backup")


def _sweep(backup: Path) -> None:
    """Remove what a backup that was cut off has left half-written."""
    for leftover in backup.glob(".*.part*"):
        leftover.unlink()


def _files(places: Places, *, with_derived: bool) -> Iterator[Path]:
    """Yield the files that make the store: all that cannot be made anew, and with `with_derived` the rest."""
    for zone in (places.data, places.mlruns, places.recipes):
        for folder, folders, names in os.walk(zone):
            folders.sort()
            for path in (Path(folder, name) for name in sorted(names)):
                where = path.relative_to(places.root).as_posix()
                if _belongs(path, where) and (with_derived or not where.startswith(_DERIVED)):
                    yield path
    yield from (places.root / name for name in BY_HAND if (places.root / name).is_file())


def _belongs(path: Path, where: str) -> bool:
    passing = path.suffix in {".lock", ".part", ".old"} or path.name == ".lock" or ".waiting/" in where
    return path.is_file() and not passing and not path.name.endswith(BESIDE) and not where.startswith(_LEFT_OUT)


def _keep_all(
    places: Places, backup: Path, files: Collection[Path], progress: Progress
) -> tuple[dict[str, KeptFile], dict[str, int]]:
    """Keep all files; return them as the snapshot names them, and the lengths of those that were copied."""
    before = _last(backup)
    kept: dict[str, KeptFile] = {}
    copied: dict[str, int] = {}

    def keep(path: Path) -> None:
        where = path.relative_to(places.root).as_posix()
        made, is_new = _kept(places, backup, path, before.get(where))
        kept[where] = made
        if is_new:
            copied[where] = made.size
        progress(len(kept), len(files), "files backed up")

    history = [path for path in files if path.is_relative_to(places.raw) and not _is_raw_file(path)]
    with _still(places):
        for path in history:
            keep(path)
    for path in sorted(set(files) - set(history)):
        with suppress(FileNotFoundError) if path.is_relative_to(places.inbox) else nullcontext():
            keep(path)  # what lies in the inbox may be taken away meanwhile
    return kept, copied


@contextmanager
def _still(places: Places) -> Iterator[None]:
    """Let nobody write plans, journal or the sealed lists beside it, for as long as these few files take."""
    make_folder(places.plans, places.raw)
    with FileLock(places.plans / ".lock", mode=FILE_MODE), journal_lock(places):
        yield


def _is_raw_file(path: Path) -> bool:
    return len(path.name) == 64


def _last(backup: Path) -> Mapping[str, KeptFile]:
    """Return what the newest snapshot names; nothing where there is none, or it is damaged."""
    try:
        return read_snapshot(backup).files
    except (InputError, StoreError):
        return {}


def _kept(places: Places, backup: Path, path: Path, before: KeptFile | None) -> tuple[KeptFile, bool]:
    status = path.stat()
    mode = status.st_mode & 0o777
    is_database = path.suffix in DATABASES
    same = before and (before.size, before.modified_ns) == (status.st_size, status.st_mtime_ns)
    if before and same and not is_database and _is_there(backup, before.sha256, before.size):
        return before.model_copy(update={"mode": mode}), False
    waiting = backup / f".{uuid4().hex}.part"
    digest, size = _copied_database(path, waiting) if is_database else _copied(path, waiting)
    if path.is_relative_to(places.raw) and _is_raw_file(path) and digest != path.name:
        waiting.unlink()
        raise StoreError(
            f"the raw file {path} is damaged: its bytes hash to {digest[:16]}…; look at `xray verify --deep`"
        )
    is_new = not _is_there(backup, digest, size)
    if is_new:
        target = object_path(backup, digest)
        make_folder(target.parent, backup)
        waiting.chmod(KEPT_MODE)
        waiting.replace(target)
    else:
        waiting.unlink()
    return KeptFile(sha256=digest, size=size, modified_ns=status.st_mtime_ns, mode=mode), is_new


def _is_there(backup: Path, digest: str, size: int) -> bool:
    path = object_path(backup, digest)
    return path.is_file() and path.stat().st_size == size


def _copied(path: Path, waiting: Path) -> tuple[str, int]:
    """Copy a file, durable, and return the digest and the length of what was read."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as source, os.fdopen(os.open(waiting, os.O_WRONLY | os.O_CREAT, FILE_MODE), "wb") as target:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest(), size


def _copied_database(path: Path, waiting: Path) -> tuple[str, int]:
    """Copy a database as of one moment, whoever writes to it meanwhile."""
    aside = waiting.with_name(f"{waiting.name}-database")
    try:
        copy_database(path, aside)
        return _copied(aside, waiting)
    finally:
        aside.unlink(missing_ok=True)
