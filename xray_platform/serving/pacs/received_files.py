"""Received files: objects from a network become files of the inbox, whole and durable, or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b, sha256
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from xray_platform.errors import MachineError, StoreError
from xray_platform.tables.owner_only import FILE_MODE, make_folder
from xray_platform.tables.places import Places

FOLDER = "received"
CONTENT_BYTES = 16


@dataclass(frozen=True)
class Instance:
    """What a DICOM object calls itself: the UIDs of its class and of itself."""

    sop_class: str
    uid: str

    @property
    def stem(self) -> str:
        """How names of its files begin: digests of both UIDs, so that it is found again without an index."""
        return f"{_digest(self.uid)[:32]}-{_digest(self.sop_class)[:8]}"


@dataclass(frozen=True)
class KeptFile:
    """A file of the inbox: where, how long, and whether the same bytes were there before."""

    path: Path
    size_bytes: int
    known: bool


class ReceivedFiles:
    """The part of the inbox that one way of receiving fills, and where its files wait until they are whole."""

    def __init__(self, places: Places, waiting: Path) -> None:
        self.inbox = places.inbox / FOLDER
        self._waiting = waiting

    def begin(self) -> "IncomingFile":
        """Return a new file, which nobody sees until it is kept. Raises OSError."""
        return IncomingFile(self._waiting / f"{uuid4().hex}.part", self.inbox)

    def holds(self, instance: Instance) -> bool:
        """Say whether an object lies in the inbox, durable and whole."""
        return self._begins(instance.stem)

    def holds_other_class(self, instance: Instance) -> bool:
        """Say whether an object of this UID lies in the inbox, of whichever class."""
        return self._begins(instance.stem.partition("-")[0])

    def _begins(self, stem: str) -> bool:
        folder = self.inbox / stem[:2]
        return folder.is_dir() and any(path.name.startswith(stem) for path in folder.iterdir())


class IncomingFile:
    """A file on its way in. Who has it must `keep` or `discard` it."""

    def __init__(self, path: Path, inbox: Path) -> None:
        self._path, self._inbox = path, inbox
        self._descriptor: int | None = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        self._digest = blake2b(digest_size=CONTENT_BYTES)
        self.size = 0

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes. Raises OSError (a full disk)."""
        assert self._descriptor is not None, "it is written before it is kept"  # noqa: S101 - a slip of the program
        view = memoryview(data)
        self._digest.update(view)
        self.size += len(view)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def keep(self, instance: Instance) -> KeptFile:
        """Make the bytes durable, then give them their name in the inbox, durably; or OSError, and nothing is left.

        The name is made of digests of UIDs and bytes: the same object twice is one file, another one with the same UID
        is a second.
        """
        assert self._descriptor is not None, "it is kept once"  # noqa: S101 - a slip of the program
        name = f"{instance.stem}-{self._digest.hexdigest()}.dcm"
        path = self._inbox / name[:2] / name
        try:
            os.fsync(self._descriptor)
            make_folder(path.parent, self._inbox)
            known = path.is_file() and path.stat().st_size == self.size
            if not known:
                self._path.replace(path)
            for folder in (path.parent, self._inbox):
                _sync_folder(folder)
        finally:
            self.discard()
        return KeptFile(path, self.size, known)

    def discard(self) -> None:
        """Let go of the file; what was not kept is gone."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


@contextmanager
def received_files(places: Places, way: str) -> Iterator[ReceivedFiles]:
    """Open the inbox for one way of receiving (`dicom`, `web`, `pull`); what a killed one left half is swept first.

    Raises MachineError where another process receives in the same way, or the inbox lies on another disk than the raw
    zone; StoreError where it cannot be written.
    """
    waiting = places.raw / ".receiving" / way
    lock = FileLock(places.raw / ".locks" / f"receive-{way}.lock", mode=FILE_MODE)
    try:
        for folder in (places.raw / ".locks", waiting):
            make_folder(folder, places.raw)
        make_folder(places.inbox / FOLDER, places.inbox / FOLDER)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise MachineError(f"another process receives into {places.root} in the same way; end it first") from error
    except OSError as error:
        raise StoreError(f"cannot write to {places.root}: {error.strerror or error}") from error
    try:
        if waiting.stat().st_dev != (places.inbox / FOLDER).stat().st_dev:
            raise MachineError(f"{places.inbox} lies on another disk than {places.raw}; files could arrive in halves")
        for left in waiting.glob("*.part"):
            left.unlink(missing_ok=True)
        yield ReceivedFiles(places, waiting)
    finally:
        lock.release()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
