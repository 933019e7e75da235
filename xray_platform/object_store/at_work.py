"""At work: a piece of work on a store in object storage: made equal before it, committed after it.

Under a command that holds the lease, its own processes work on what that command brought, and only commit.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xray_platform.object_store.cache import url_of
from xray_platform.object_store.lease import take_lease
from xray_platform.object_store.working_copy import WorkingCopy

LED = "XRAY_LEASE_OF"  # the folder that a command, which started this process, holds the lease for
PATIENCE_SECONDS = 6 * 3600.0


@contextmanager
def at_work(root: Path) -> Iterator[None]:
    """Work on a store: of a folder nothing is done about it; of a working copy all that changed is committed after.

    Without a command around it the work waits for the lease, so that one at a time writes. Where it fails, nothing is
    committed. Raises StoreError and MachineError.
    """
    copy = WorkingCopy.of(root)
    if copy is None:
        yield
        return
    if is_led(root):
        yield
        copy.commit()
        return
    lease = take_lease(copy.bucket, copy.home, patience=PATIENCE_SECONDS)
    try:
        copy.bring_up(stay=True)
        yield
        copy.commit()
    finally:
        copy.activity.end()
        lease.release()


def is_led(root: Path) -> bool:
    """Say whether a command holds the lease for this process; a store that is a folder needs none."""
    return url_of(root) is None or os.environ.get(LED) == str(root)
