"""Bring back: make a store from a backup, every byte held against its digest, or none of it."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from xray_platform.atomic import atomic_path, remove_leftovers
from xray_platform.dicom.deidentify.whose import whose
from xray_platform.dicom.intake.forget import keyed_digest
from xray_platform.dicom.intake.raw_store import read_raw
from xray_platform.dicom.pseudonym import PseudonymKey
from xray_platform.errors import InputError, StoreError
from xray_platform.keeping.snapshot import KeptFile, Snapshot, object_path
from xray_platform.progress import Progress, silent
from xray_platform.tables.all import CATALOGUE, IMAGES
from xray_platform.tables.owner_only import FOLDER_MODE
from xray_platform.tables.places import Places

SHOWN = 5


def bring_back(backup: Path, snapshot: Snapshot, root: Path, progress: Progress = silent) -> None:
    """Write the files of a snapshot to a root that is new or empty; it appears when it is whole.

    Nothing is written where anything is missing from the backup. Raises InputError where the root holds something,
    StoreError where the backup is incomplete or damaged, or the root cannot be written.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise InputError(f"{root} is not empty; a store is only brought back into a new or empty folder")
    missing = list(_missing(backup, snapshot))
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        raise StoreError(f"the backup {backup} is incomplete; it lacks {', '.join(missing[:SHOWN])}{more}")
    if root.is_dir():
        root.rmdir()
    remove_leftovers(root)
    with atomic_path(root) as waiting:
        for done, (name, file) in enumerate(snapshot.files.items()):
            _write(object_path(backup, file.sha256), waiting / name, file, name)
            progress(done + 1, len(snapshot.files), "files brought back")
        raw = waiting / "data" / "raw"
        for folder in (raw, *(path for path in raw.rglob("*") if path.is_dir())) if raw.is_dir() else ():
            folder.chmod(FOLDER_MODE)


def forgotten_subjects(places: Places, digests: dict[str, str], key: PseudonymKey) -> Iterator[str]:
    """Yield the subjects of the store of whom a file, published or not, lies under one of these keyed digests."""
    hashes = CATALOGUE.read(places, columns=("sha256",))["sha256"].dropna().astype(str).unique()
    found = {digest for digest in hashes if keyed_digest(key, digest) in digests}
    images = IMAGES.read(places, columns=("sha256", "subject"))
    published = images[images["sha256"].isin(found)]
    rest = (whose(read_raw(places, digest), key).subject for digest in found - set(published["sha256"].astype(str)))
    yield from sorted({*published["subject"].astype(str), *(subject for subject in rest if subject)})


def _missing(backup: Path, snapshot: Snapshot) -> Iterator[str]:
    """Yield the files of a snapshot whose bytes are not there, or not as long as they were."""
    for name, file in snapshot.files.items():
        path = object_path(backup, file.sha256)
        if not path.is_file() or path.stat().st_size != file.size:
            yield name


def _write(kept: Path, path: Path, file: KeptFile, name: str) -> None:
    """Write a file as it was, with its time of change; StoreError where its bytes are not those of its digest."""
    data = kept.read_bytes()
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise StoreError(f"the backup is damaged: the bytes of {name} ({kept}) are not those that were kept")
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(data)
    path.chmod(file.mode)
    os.utime(path, ns=(file.modified_ns, file.modified_ns))
