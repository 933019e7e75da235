"""Lease: the right to write to a store, for one command at a time, whatever machine it runs on.

The lease is an object that is made only where there is none, and renewed while the command lives. What a killed command
left is taken over at once on its own machine, where a file lock tells that it is dead. Elsewhere it must have gone
unrenewed for a minute by the storage's clock, and then be watched for longer than a renewal takes: no clock is trusted
alone. Whoever still writes after that finds another manifest than the one that was read, so that no lease is needed for
the store to stay whole.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from xray_platform.errors import MachineError, StoreError
from xray_platform.object_store.bucket import Bucket
from xray_platform.object_store.commit import writer

KEY = "lease.json"
RENEW_SECONDS = 15.0
EXPIRES_SECONDS = 60.0
PASSING_SECONDS = 60.0  # how long a command waits for the commit of another machine's asset
_AT_WORK = "another xray command is at work on {url} ({who}); wait for it or end it"


@dataclass
class Lease:
    """A lease that is held, until `release`."""

    bucket: Bucket
    lock: FileLock
    said: bytes
    tag: str
    ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> "Lease":
        """Renew it in the background from now on."""
        threading.Thread(target=self._keep, name="lease", daemon=True).start()
        return self

    def release(self) -> None:
        """Give it back; one that was taken over meanwhile is another's, and stays."""
        self.ended.set()
        try:
            found = self.bucket.get(KEY)
            if found is not None and _owner(found[0]) == _owner(self.said):
                self.bucket.delete([KEY])
        finally:
            self.lock.release()

    def _keep(self) -> None:
        while not self.ended.wait(RENEW_SECONDS):
            try:
                tag = self.bucket.replace(KEY, _renewed(self.said), self.tag)
            except StoreError:
                continue  # the storage may come back; if not, the commit says so
            if tag is None:
                return  # another has taken it over; the manifest's tag keeps the store whole
            self.tag = tag


def machine_lock(bucket: Bucket, home: Path, patience: float = 0) -> FileLock:
    """Return the held lock of all who write in this copy, so that one at a time does on this machine.

    Waits up to `patience` seconds where another holds it. Raises MachineError after that.
    """
    lock = FileLock(home / "lease.lock")
    try:
        lock.acquire(timeout=patience)
    except Timeout as error:
        raise MachineError(_AT_WORK.format(url=bucket.url, who="on this machine")) from error
    return lock


def take_lease(
    bucket: Bucket,
    home: Path,
    *,
    patience: float = 0,
    sleep: Callable[[float], None] = time.sleep,
    lock: FileLock | None = None,
    passing: bool = False,
) -> Lease:
    """Take the lease of a store, for a machine whose copy lies in `home`; `passing` where it is for one commit alone.

    Waits up to `patience` seconds where another holds it, and longer for one that is passing. Raises MachineError,
    which names the other, after that. Who holds the machine's `lock` already gives it, and goes on holding it when the
    lease is released.
    """
    deadline = time.monotonic() + patience
    if lock is None:
        lock = machine_lock(bucket, home, patience)
    else:
        lock.acquire()  # a lock counts how often its holder took it
    try:
        said = json.dumps({"owner": str(uuid4()), "by": writer(), "machine": machine(home), "passing": passing})
        return _awaited(bucket, home, Lease(bucket, lock, said.encode(), ""), deadline, sleep).start()
    except BaseException:
        lock.release()
        raise


def _awaited(bucket: Bucket, home: Path, wanted: Lease, deadline: float, sleep: Callable[[float], None]) -> Lease:
    while not _take(home, wanted, sleep):
        found = bucket.get(KEY)
        if time.monotonic() >= deadline + (PASSING_SECONDS if found and _read(found[0]).get("passing") else 0):
            who = _read(found[0]).get("by") if found else "it just ended"
            raise MachineError(_AT_WORK.format(url=bucket.url, who=who))
        sleep(1.0)
    return wanted


def _take(home: Path, wanted: Lease, sleep: Callable[[float], None]) -> bool:
    """Say whether a lease could be had, and is."""
    bucket, wanted.said = wanted.bucket, _renewed(wanted.said)
    tag = bucket.replace(KEY, wanted.said, None)
    if tag is None:
        found, facts = bucket.get(KEY), bucket.facts(KEY)
        if found is None or facts is None:
            return False
        if _read(found[0]).get("machine") != machine(home) and not _is_dead(bucket, found[1], facts.modified_at, sleep):
            return False
        tag = bucket.replace(KEY, wanted.said, found[1])
    wanted.tag = tag or ""
    return tag is not None


def _is_dead(bucket: Bucket, tag: str, renewed_at: datetime, sleep: Callable[[float], None]) -> bool:
    """Say whether nobody has renewed a lease for a minute, nor does while it is watched."""
    if (datetime.now(UTC) - renewed_at).total_seconds() < EXPIRES_SECONDS:
        return False
    sleep(RENEW_SECONDS * 2)
    found = bucket.get(KEY)
    return found is not None and found[1] == tag


def machine(home: Path) -> str:
    """Return what names this copy among all machines, made by chance once."""
    file = home / "machine"
    if not file.exists():
        file.write_text(uuid4().hex, encoding="ascii")
    return file.read_text(encoding="ascii")


def _renewed(said: bytes) -> bytes:
    """Return a lease with a new mark, so that its tag changes."""
    return json.dumps({**_read(said), "mark": uuid4().hex}).encode()


def _read(said: bytes) -> dict[str, object]:
    try:
        found = json.loads(said)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _owner(said: bytes) -> object:
    return _read(said).get("owner")
