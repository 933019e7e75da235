"""Faults: hold what lies in the store against its manifests: missing, changed, and what no manifest knows."""

import hashlib
import stat
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import google_crc32c

from xray_platform.errors import StoreError
from xray_platform.tables.manifest import FileFacts, manifest_bytes, manifest_file, understand
from xray_platform.tables.places import Places
from xray_platform.workers import cores

ZONES = ("processed", "standard", "tensors", "patches", "tables", "models", "reports")
UNFINISHED = "checkpoints"  # of trainings that were cut off: a folder below each model that is not a result


@dataclass(frozen=True)
class Fault:
    """One thing that is not as it was made: of which kind, where (a path below `data`), and what in words.

    Derived files are `missing`, `changed`, `unknown` or `unrecorded`; the raw archive has kinds of its own.
    """

    kind: str
    where: str
    what: str

    @property
    def line(self) -> str:
        """The fault in one line."""
        return f"{self.kind}: {self.where}: {self.what}"


def manifest_names(places: Places) -> list[str]:
    """Return the names of all manifests of the store, in order."""
    files = (path for path in places.manifests.rglob("[!.]*.json") if path.is_file())
    return sorted(path.relative_to(places.manifests).as_posix().removesuffix(".json") for path in files)


def faults_of(places: Places, name: str, digest: str | None = None, *, deep: bool = False) -> list[Fault]:
    """Return what is wrong with what a manifest speaks of, and with itself where its SHA-256 is given.

    Each file must be there with its size; one whose time of change is another, or with `deep` every one, is read.
    """
    try:
        data = manifest_bytes(places, name)
        if digest is not None and hashlib.sha256(data).hexdigest() != digest:
            where = below_data(places, manifest_file(places, name))
            return [Fault("changed", where, "this record is not the one that was kept when its files were made")]
        manifest = understand(name, data)
    except StoreError:
        where = below_data(places, manifest_file(places, name))
        return [Fault("missing", where, "the record of what was made is missing or damaged")]
    jobs = [(places.data / path, path, facts, deep) for path, facts in manifest.files.items()]
    if not deep:
        return [fault for job in jobs for fault in _compared(*job)]
    with ThreadPoolExecutor(cores()) as pool:
        return [fault for found in pool.map(lambda job: list(_compared(*job)), jobs) for fault in found]


def unknown_files(places: Places) -> Iterator[Fault]:
    """Yield the files of the derived zones that no manifest speaks of; none of a zone with an unreadable manifest."""
    manifests = {name: _files_of(places, name) for name in manifest_names(places)}
    unsure = {name.split("/")[0] for name, files in manifests.items() if files is None}
    known = {path for files in manifests.values() for path in files or ()}
    for zone in (zone for zone in ZONES if zone not in unsure):
        for path in sorted((places.data / zone).rglob("*")):
            where = below_data(places, path)
            if where not in known and _counts(path, where):
                yield Fault("unknown", where, "no record speaks of it; if nobody needs it, remove it")


def files_of(places: Places, name: str) -> Mapping[str, FileFacts]:
    """Return the files that a manifest speaks of, by path below `data`; none where it cannot be read."""
    return _files_of(places, name) or {}


def _files_of(places: Places, name: str) -> Mapping[str, FileFacts] | None:
    try:
        return understand(name, manifest_bytes(places, name)).files
    except StoreError:
        return None


def is_gone(places: Places, name: str) -> bool:
    """Tell whether nothing is left of what a manifest speaks of."""
    files = files_of(places, name)
    return bool(files) and not any((places.data / path).exists() for path in files)


def below_data(places: Places, path: Path) -> str:
    """Return a path as faults name it."""
    return path.relative_to(places.data).as_posix()


def _compared(path: Path, where: str, facts: FileFacts, deep: bool) -> Iterator[Fault]:
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            yield Fault("changed", where, "not a file any more")
        elif status.st_size != facts.size:
            yield Fault("changed", where, f"{status.st_size} bytes; {facts.size} were written")
        elif deep or status.st_mtime_ns != facts.modified_ns:
            yield from _read(path, where, facts)
    except (FileNotFoundError, NotADirectoryError):
        yield Fault("missing", where, f"{facts.size} bytes were written")
    except OSError as error:
        yield Fault("changed", where, f"cannot be read: {error.strerror or error}")


def _read(path: Path, where: str, facts: FileFacts) -> Iterator[Fault]:
    data = path.read_bytes()
    found = google_crc32c.value(data)
    if found != facts.crc32c:
        yield Fault("changed", where, f"its checksum is {found:08x}; {facts.crc32c:08x} was written")
    elif facts.sha256 and hashlib.sha256(data).hexdigest() != facts.sha256:
        yield Fault("changed", where, "its SHA-256 is not that of what was written")


def _counts(path: Path, where: str) -> bool:
    parts = where.split("/")
    hidden = any(part.startswith(".") for part in parts)
    unfinished = parts[0] == "models" and UNFINISHED in parts
    return not hidden and not unfinished and (path.is_symlink() or not path.is_dir())
