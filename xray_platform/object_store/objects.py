"""Objects: hold those of a bucket against its manifest, and remove those that no manifest needs."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from xray_platform.object_store.bucket import Bucket
from xray_platform.object_store.commit import PREFIXES, Commit, StoredFile, key_of, read_commit
from xray_platform.object_store.transfer import AT_ONCE, SWEPT_AFTER
from xray_platform.progress import Progress, silent
from xray_platform.tables.faults import Fault

SWEEP_EVERY = 20  # commits


def object_faults(bucket: Bucket, *, deep: bool = False, progress: Progress = silent) -> tuple[Commit, list[Fault]]:
    """Return the store's commit, and what is wrong with its objects: presence and size, with `deep` every byte.

    One object may be of several files; it is told of each.
    """
    commit, _ = read_commit(bucket)
    sizes = {found.key: found.size for prefix in PREFIXES for found in bucket.list(prefix)}
    faults: list[Fault] = []
    for path, file in commit.files.items():
        found = sizes.get(key_of(path, file.sha256))
        if file.size and found is None:
            faults.append(Fault("missing", _below_data(path), "its object is not in the bucket"))
        elif file.size and found != file.size:
            faults.append(
                Fault("changed", _below_data(path), f"its object has {found} bytes; {file.size} were committed")
            )
    if deep:
        told = {fault.where for fault in faults}
        whole = {path: file for path, file in commit.files.items() if file.size and _below_data(path) not in told}
        faults += _damaged(bucket, whole, progress)
    return commit, faults


def _damaged(bucket: Bucket, files: dict[str, StoredFile], progress: Progress) -> Iterator[Fault]:
    keys = {key_of(path, file.sha256): file.sha256 for path, file in files.items()}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        bad = set()
        for done, (key, digest) in enumerate(
            zip(keys, pool.map(lambda key: _digest(bucket, key), keys), strict=True), 1
        ):
            progress(done, len(keys), "objects read")
            if digest != keys[key]:
                bad.add(key)
    for path, file in files.items():
        if key_of(path, file.sha256) in bad:
            yield Fault("changed", _below_data(path), "the bytes of its object are not those that were committed")


def _digest(bucket: Bucket, key: str) -> str:
    digest = hashlib.sha256()
    for part in bucket.parts(key):
        digest.update(part)
    return digest.hexdigest()


def sweep_at_times(bucket: Bucket, commit_number: int) -> None:
    """Sweep at every twentieth commit; for who holds the lease."""
    if commit_number % SWEEP_EVERY == 0:
        sweep(bucket)


def sweep(bucket: Bucket, *, older_than: timedelta = SWEPT_AFTER) -> tuple[int, int]:
    """Remove the objects that the manifest does not name and that are old enough; return how many, and their bytes.

    Younger ones may be of a commit under way; whoever commits an object that lies there half as long makes it young.
    """
    commit, _ = read_commit(bucket)
    needed = {key_of(path, file.sha256) for path, file in commit.files.items()}
    now = datetime.now(UTC)
    orphans = [
        found
        for prefix in PREFIXES
        for found in bucket.list(prefix)
        if found.key not in needed and now - found.modified_at >= older_than
    ]
    bucket.delete(found.key for found in orphans)
    return len(orphans), sum(found.size for found in orphans)


def _below_data(path: str) -> str:
    return path.removeprefix("data/")
