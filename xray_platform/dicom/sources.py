"""Sources: list the files of a folder, a single file or a zip archive, and read one of them again later."""

import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from xray_platform.errors import InputError

MEBI = 1024**2


@dataclass(frozen=True)
class ZipCaps:
    """What a zip archive may hold: members, bytes of one and of all unpacked, and how far one may be packed."""

    members: int = 100_000
    member_bytes: int = 512 * MEBI
    total_bytes: int = 64 * 1024 * MEBI
    ratio: float = 200.0


@dataclass(frozen=True)
class SourceFile:
    """One file to take in. `relative` is its path below the source, `member` its name in the zip archive `path`."""

    path: Path
    relative: str
    size_bytes: int
    modified_ns: int
    member: str | None = None


_ODD_BYTES = {0xDC00 + byte: 0xF700 + byte for byte in range(0x80, 0x100)}
_ODD_SPELLINGS = {spelling: byte for byte, spelling in _ODD_BYTES.items()}


def spelled(path: str) -> str:
    """Return a path as text that JSON and Parquet can hold: bytes that are no UTF-8 become private-use characters."""
    return path.translate(_ODD_BYTES)


def unspelled(text: str) -> str:
    """Return the path that `spelled` wrote down."""
    return text.translate(_ODD_SPELLINGS)


def list_source(source: Path, caps: ZipCaps = ZipCaps()) -> Iterator[SourceFile]:
    """Yield every file of a folder (at any depth), a single file, or the members of zip archives among them, in order.

    A zip archive that cannot be opened or breaks the caps is yielded as one file, so that it is kept and judged as
    such; when it is the source itself, it is an error. Raises InputError also where nothing is there.
    """
    if not source.exists():
        raise InputError(f"there is no file or folder {source}")
    if source.is_dir():
        yield from _folder(source, source, caps)
    elif zipfile.is_zipfile(source):
        yield from _members(_file(source, source.name), "", caps)
    else:
        yield _file(source, source.name)


def _folder(folder: Path, source: Path, caps: ZipCaps) -> Iterator[SourceFile]:
    """Walk depth first without recursion; a folder that is reached twice through links is entered once."""
    waiting, entered = [folder], set[tuple[int, int]]()
    while waiting:
        here = waiting.pop()
        try:
            status = here.stat()
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            raise InputError(f"cannot read the folder {here}: {error.strerror}") from error
        if (status.st_dev, status.st_ino) in entered:
            continue
        entered.add((status.st_dev, status.st_ino))
        waiting += [Path(entry.path) for entry in reversed(entries) if _is_folder(entry)]
        for entry in entries:
            if not _is_folder(entry):
                yield from _expanded(Path(entry.path), source, caps)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _expanded(path: Path, source: Path, caps: ZipCaps) -> Iterator[SourceFile]:
    file = _file(path, path.relative_to(source).as_posix())
    if path.suffix.lower() != ".zip" or not stat.S_ISREG(_mode(path)) or not zipfile.is_zipfile(path):
        yield file
        return
    try:
        members = list(_members(file, file.relative + "/", caps))
    except InputError:
        yield file
    else:
        yield from members


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _file(path: Path, relative: str) -> SourceFile:
    """Name a file that may be a broken link or vanish: then its size and time are 0, and reading it says why."""
    try:
        status = path.stat()
    except OSError:
        return SourceFile(path, relative, 0, 0)
    return SourceFile(path, relative, status.st_size, status.st_mtime_ns)


def _members(archive: SourceFile, prefix: str, caps: ZipCaps) -> Iterator[SourceFile]:
    """Yield the members of a zip archive after its table of contents was held against the caps."""
    try:
        with zipfile.ZipFile(archive.path) as opened:
            entries = [entry for entry in opened.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise InputError(f"{archive.path} is no zip archive that can be read") from error
    if len(entries) > caps.members:
        raise InputError(f"{archive.path} holds {len(entries)} members; {caps.members} are allowed")
    total = sum(entry.file_size for entry in entries)
    if total > caps.total_bytes:
        raise InputError(f"{archive.path} unpacks to {total // MEBI} MiB; {caps.total_bytes // MEBI} MiB are allowed")
    for entry in entries:
        name = entry.filename
        yield SourceFile(archive.path, prefix + name, entry.file_size, archive.modified_ns, member=name)


def member_fault(entry: zipfile.ZipInfo, caps: ZipCaps = ZipCaps()) -> str | None:
    """Say why a zip member may not be read, or None. No name of a member ever becomes a path, all the same."""
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (path.parts and ":" in path.parts[0]):
        return "a zip member with an absolute path or one that leads out of the archive"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "a zip member that is a link"
    if entry.flag_bits & 0x1:
        return "an encrypted zip member"
    if entry.file_size > caps.member_bytes:
        return f"a zip member of {entry.file_size // MEBI} MiB; {caps.member_bytes // MEBI} MiB are allowed"
    if entry.file_size > MEBI and entry.file_size > caps.ratio * max(entry.compress_size, 1):
        return f"a zip member packed more than {caps.ratio:g} times"
    return None
