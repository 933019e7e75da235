"""Transfer: bring the bytes of files between a bucket and a working copy, each held against its digest."""

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from xray_platform.errors import StoreError
from xray_platform.object_store.bucket import Bucket
from xray_platform.object_store.commit import RAW_ZONE, StoredFile, is_raw_bytes, key_of
from xray_platform.object_store.local_files import is_database, snapshot
from xray_platform.progress import Progress, silent

AT_ONCE = 8
T = TypeVar("T")
SWEPT_AFTER = timedelta(days=2)  # an object that no manifest names is removed when it is older


def fetch(
    bucket: Bucket, root: Path, files: Mapping[str, StoredFile], waiting: Path, progress: Progress = silent
) -> None:
    """Bring files into a working copy, each whole or not at all. Raises StoreError where one is missing or damaged."""

    def bring(item: tuple[str, StoredFile]) -> None:
        path, file = item
        aside = waiting / uuid4().hex
        try:
            _download(bucket, path, file, aside)
            _place(root, path, file, aside)
        finally:
            aside.unlink(missing_ok=True)

    _all_at_once(bring, files.items(), len(files), "files fetched", progress)


def _download(bucket: Bucket, path: str, file: StoredFile, aside: Path) -> None:
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        for part in bucket.parts(key_of(path, file.sha256)) if file.size else ():
            digest.update(part)
            size += target.write(part)
    if (digest.hexdigest(), size) != (file.sha256, file.size):
        raise StoreError(
            f"{bucket.url}: the object of {path} is damaged: its {size} bytes hash to {digest.hexdigest()[:16]}…, not "
            f"to {file.sha256[:16]}…; bring back an earlier version of {key_of(path, file.sha256)}"
        )


def _place(root: Path, path: str, file: StoredFile, aside: Path) -> None:
    target = root / path
    _make_folder(target.parent, 0o700 if path.startswith(RAW_ZONE) else 0o777)
    if is_database(path):
        for end in ("-wal", "-shm", "-journal"):
            target.with_name(target.name + end).unlink(missing_ok=True)  # of the database that goes
    aside.chmod(file.mode & 0o777)
    os.utime(aside, ns=(file.modified_ns, file.modified_ns))
    aside.replace(target)


def _make_folder(folder: Path, mode: int) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent, mode)
        folder.mkdir(mode=mode, exist_ok=True)


def store_all(
    bucket: Bucket,
    root: Path,
    paths: Collection[str],
    known: Collection[str],
    waiting: Path,
    progress: Progress = silent,
) -> dict[str, StoredFile]:
    """Bring files into the bucket and return them as they were then; those that vanish meanwhile are left out.

    `known` are keys whose objects are there. Raises StoreError where a raw file is not what its name says.
    """
    stored: dict[str, StoredFile] = {}

    def bring(path: str) -> None:
        aside = waiting / uuid4().hex
        try:
            status = (root / path).stat()
            sha256, size = snapshot(root / path, aside)
            if is_raw_bytes(path) and sha256 != path[-64:]:
                raise StoreError(f"the raw file {root / path} is damaged: its bytes hash to {sha256[:16]}…")
            if size and key_of(path, sha256) not in known:
                _upload(bucket, key_of(path, sha256), aside)
            stored[path] = StoredFile(sha256, size, status.st_mode & 0o777, status.st_mtime_ns)
        except FileNotFoundError:
            return
        finally:
            aside.unlink(missing_ok=True)

    _all_at_once(bring, paths, len(paths), "files committed", progress)
    return stored


def _upload(bucket: Bucket, key: str, file: Path) -> None:
    """Put an object; one that is there already but old may be about to be swept, and is made young."""
    if not bucket.put_new(key, file):
        found = bucket.facts(key)
        if found is None or found.size != file.stat().st_size or _is_old(found.modified_at):
            bucket.put_again(key, file)


def _is_old(modified_at: datetime) -> bool:
    return datetime.now(UTC) - modified_at > SWEPT_AFTER / 2


def _all_at_once(work: Callable[[T], None], items: Iterable[T], total: int, what: str, progress: Progress) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            for done, future in enumerate(futures, start=1):
                future.result()
                progress(done, total, what)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
