"""Manifest: what was written, by size, time and checksum, kept apart from it, so that nothing else is taken for it.

Each thing that is written together (a part of a table, the tensors of a batch, a training, a report) has a manifest of
its own below `data/manifests`. Whoever reads compares; `tables/faults.py` compares all. What an asset kept is noted in
Dagster with the manifests' own digests, so that a manifest that was changed is noticed too.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

import google_crc32c
from filelock import FileLock

from xray_platform.atomic import atomic_write
from xray_platform.errors import StoreError
from xray_platform.tables.places import Places

REMEDY = "`xray run --deep` makes it anew"
_KEPT: ContextVar[dict[str, str] | None] = ContextVar("kept", default=None)


@dataclass(frozen=True)
class FileFacts:
    """One file as it was written: bytes, time of change, CRC-32C (RFC 3720), and SHA-256 unless it is a large array."""

    size: int
    modified_ns: int
    crc32c: int
    sha256: str = ""


@dataclass(frozen=True)
class Manifest:
    """What was written together: its `name`, its files by path below `data`, and for tensors the CRC-32C of each row.

    A row's checksum is that of its chunk as it is stored, so that reading one picture checks one picture.
    """

    name: str
    files: Mapping[str, FileFacts]
    rows: tuple[int, ...] = field(default=())

    @property
    def content(self) -> str:
        """A digest of what was written, whenever that was."""
        text = json.dumps([[(path, facts.crc32c) for path, facts in sorted(self.files.items())], self.rows])
        return hashlib.sha256(text.encode()).hexdigest()

    def crc32c(self, places: Places, path: Path) -> int:
        """Return the checksum of a file; raises StoreError where this manifest does not know it."""
        try:
            return self.files[below(places, path)].crc32c
        except KeyError as error:
            raise StoreError(f"{path} is not what was made: no record speaks of it; {REMEDY}") from error


def facts_of(path: Path, *parts: bytes, sha256: bool = True) -> FileFacts:
    """Return the facts of a file that was just written; `parts` are its bytes, else they are read back."""
    digest, crc32c, status = hashlib.sha256(), 0, path.stat()
    for part in parts or (path.read_bytes(),):
        crc32c = google_crc32c.extend(crc32c, part)
        if sha256:
            digest.update(part)
    return FileFacts(status.st_size, status.st_mtime_ns, crc32c, digest.hexdigest() if sha256 else "")


def below(places: Places, path: Path) -> str:
    """Return a path as manifests name it: below `data`, with slashes."""
    return path.relative_to(places.data).as_posix()


def manifest_file(places: Places, name: str) -> Path:
    """Where a manifest lies."""
    return places.manifests / f"{name}.json"


def keep(places: Places, manifest: Manifest) -> None:
    """Write a manifest at a stroke, after what it speaks of: a crash in between leaves what the old one does not fit.

    Raises StoreError where the store cannot be written.
    """
    files = {name: [f.size, f.modified_ns, f.crc32c, f.sha256] for name, f in sorted(manifest.files.items())}
    text = json.dumps({"name": manifest.name, "files": files, "rows": manifest.rows}, separators=(",", ":"))
    atomic_write(manifest_file(places, manifest.name), text)
    if (kept := _KEPT.get()) is not None:
        kept[manifest.name] = hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def locked(places: Places, name: str) -> Iterator[None]:
    """Let one at a time write files and the manifest `name` of them. Raises StoreError where it cannot be locked."""
    path = manifest_file(places, name)
    lock = FileLock(path.with_name(f".{path.stem}.lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()


def keep_files(places: Places, name: str, paths: Iterable[Path]) -> None:
    """Read the files that were just written, and keep the manifest of them."""
    keep(places, Manifest(name, {below(places, path): facts_of(path) for path in paths}))


def keep_folder(places: Places, name: str, folder: Path) -> None:
    """Keep the manifest of all files below a folder."""
    keep_files(places, name, sorted(path for path in folder.rglob("*") if path.is_file()))


def read_manifest(places: Places, name: str) -> Manifest:
    """Return a manifest; raises StoreError where there is none, or it cannot be understood."""
    return understand(name, manifest_bytes(places, name))


def manifest_bytes(places: Places, name: str) -> bytes:
    """Return a manifest as it is stored; raises StoreError where there is none."""
    try:
        return manifest_file(places, name).read_bytes()
    except OSError as error:
        raise StoreError(f"nothing is recorded of {places.data / name}; {REMEDY}") from error


def understand(name: str, data: bytes) -> Manifest:
    """Return what a stored manifest says; raises StoreError where it says nothing of this name."""
    try:
        said = json.loads(data)
        files = {path: FileFacts(*facts) for path, facts in said["files"].items()}
        if said["name"] == name:
            return Manifest(name, files, tuple(said["rows"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"the record of {name} is damaged; {REMEDY}") from error
    raise StoreError(f"the record of {name} is that of {said['name']}; {REMEDY}")


def read_checked(places: Places, name: str, path: Path) -> bytes:
    """Return the bytes of a file that the manifest `name` speaks of.

    Raises StoreError where it is not recorded, missing, or not the bytes that were written.
    """
    recorded = read_manifest(places, name).crc32c(places, path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror or error}; {REMEDY}") from error
    compare(path, data, recorded)
    return data


def compare(what: object, data: bytes, recorded: int) -> None:
    """Raise StoreError unless the bytes of `what` have the recorded CRC-32C."""
    found = google_crc32c.value(data)
    if found != recorded:
        raise StoreError(
            f"{what} is not what was made: its {len(data)} bytes have the checksum {found:08x}, recorded is "
            f"{recorded:08x}; {REMEDY}"
        )


@contextmanager
def noted() -> Iterator[dict[str, str]]:
    """Give a dictionary that fills with what is kept meanwhile: manifests by name, each with its SHA-256."""
    kept: dict[str, str] = {}
    token = _KEPT.set(kept)
    try:
        yield kept
    finally:
        _KEPT.reset(token)
