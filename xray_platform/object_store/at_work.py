"""At work: a piece of work on a store in object storage: the copy is made equal before it, and committed after it.

Under a command that holds the lease, its own processes work on what that command brought, and only commit. Work beside
others takes the lease for its commit alone: what others did meanwhile is merged, and where that cannot be, the work is
done once more, this time under the lease.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from xray_platform.object_store.cache import url_of
from xray_platform.object_store.lease import machine_lock, take_lease
from xray_platform.object_store.merge import OvertakenError
from xray_platform.object_store.objects import sweep_at_times
from xray_platform.object_store.working_copy import WorkingCopy

LED = "XRAY_LEASE_OF"  # the folder that a command, which started this process, holds the lease for
PATIENCE_SECONDS = 6 * 3600.0
T = TypeVar("T")


def at_work(root: Path, work: Callable[[], T], *, beside: bool = False, patience: float = PATIENCE_SECONDS) -> T:
    """Work on a store: of a folder nothing is done about it; of a working copy all that changed is committed after.

    One at a time works in a copy. Without a command around it, and not `beside` others on other machines, the work
    waits for the lease, so that one at a time writes; `beside` others it is done twice where what it was made from or
    what it made is another by then. `patience` is how long it waits in seconds. Where it fails, nothing is committed.
    Raises StoreError and MachineError, and what the work raises.
    """
    copy = WorkingCopy.of(root)
    if copy is None:
        return work()
    if is_led(root):
        made = work()
        copy.commit()
        return made
    lock = machine_lock(copy.bucket, copy.home, patience)
    try:
        if beside:
            with suppress(OvertakenError):  # then once more, and nobody can be faster
                return _beside_others(copy, lock, work, patience)
        with _lease(copy, lock, patience):
            return _worked(copy, work, partial(copy.commit, beside=beside, whole=False))
    finally:
        lock.release()


def is_led(root: Path) -> bool:
    """Say whether a command holds the lease for this process."""
    return os.environ.get(LED) == str(root)


def is_apart(root: Path) -> bool:
    """Say whether others may write to the store: it lies in object storage, and no command holds the lease for us."""
    return url_of(root) is not None and not is_led(root)


def _beside_others(copy: WorkingCopy, lock: FileLock, work: Callable[[], T], patience: float) -> T:
    def commit() -> None:
        with _lease(copy, lock, patience, passing=True):  # a command on another machine may have it
            if (made := copy.commit(beside=True, whole=False)) is not None:
                sweep_at_times(copy.bucket, made.number)

    return _worked(copy, work, commit)


def _worked(copy: WorkingCopy, work: Callable[[], T], commit: Callable[[], object]) -> T:
    try:
        copy.bring_up(stay=True, whole=False)
        made = work()
        commit()
        return made
    finally:
        copy.activity.end()


@contextmanager
def _lease(copy: WorkingCopy, lock: FileLock, patience: float, *, passing: bool = False) -> Iterator[None]:
    lease = take_lease(copy.bucket, copy.home, patience=patience, lock=lock, passing=passing)
    try:
        yield
    finally:
        lease.release()
