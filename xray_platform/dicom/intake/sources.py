"""Sources: list the files of a folder, a single file or a zip archive, and read one of them again later."""

import os
import stat
import struct
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path, PurePosixPath

from xray_platform.dicom.intake.open_beneath import leads_out
from xray_platform.dicom.parse.file_type import HEAD_BYTES, file_type_of
from xray_platform.errors import InputError

MEBI = 1024**2
SHOWN = 100


@dataclass(frozen=True)
class ZipCaps:
    """What a zip archive may hold: members, bytes of one and of all unpacked, and how far one may be packed."""

    members: int = 100_000
    member_bytes: int = 512 * MEBI
    total_bytes: int = 64 * 1024 * MEBI
    ratio: float = 200.0


@dataclass(frozen=True)
class SourceFile:
    """One file to take in. `relative` is its path below the source, `member` its name in the zip archive `path`.

    `changed_ns` is when anything of the file was changed, its time of change included: that nobody sets at will.
    `within` is the folder that was handed in, None where it was the file itself.
    """

    path: Path
    relative: str
    size_bytes: int
    modified_ns: int
    member: str | None = None
    changed_ns: int | None = None
    within: Path | None = None


# Others (LZMA, say) may ask for gigabytes before they give the first byte.
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
_ODD_BYTES = {0xDC00 + byte: 0xF700 + byte for byte in range(0x80, 0x100)}
_ODD_SPELLINGS = {spelling: byte for byte, spelling in _ODD_BYTES.items()}


def spelled(path: str) -> str:
    """Return a path as text that JSON and Parquet can hold: bytes that are no UTF-8 become private-use characters."""
    return path.translate(_ODD_BYTES)


def unspelled(text: str) -> str:
    """Return the path that `spelled` wrote down."""
    return text.translate(_ODD_SPELLINGS)


def shortened(path: object) -> str:
    """Return a path as text of which a message can hold the whole: a very long one without its middle."""
    text = spelled(str(path))
    return text if len(text) <= 2 * SHOWN else f"{text[:SHOWN]}…{text[-SHOWN:]}"


def list_source(source: Path, caps: ZipCaps = ZipCaps()) -> Iterator[SourceFile]:
    """Yield every file of a folder (at any depth), a single file, or the members of zip archives among them, in order.

    A zip archive that cannot be opened or breaks the caps is yielded as one file, so that it is kept and judged as
    such. Links to folders are followed, each folder once, unless they lead out of the source: those, and folders below
    it that cannot be listed, are yielded as files whose reading says why. Raises InputError where nothing is there, or
    it cannot be listed.
    """
    try:
        there, folder = source.exists(), source.is_dir()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no name of a file"
        raise InputError(f"cannot look at {shortened(source)}: {reason}") from None
    if not there:
        raise InputError(f"there is no file or folder {shortened(source)}")
    if folder:
        yield from _folder(source, caps)
    elif file_type_of(_head(source)) == "zip":
        yield from _unpacked(_file(source, source.name), "", caps)
    else:
        yield _file(source, source.name)


def list_files(source: Path, paths: Iterable[Path], caps: ZipCaps = ZipCaps()) -> Iterator[SourceFile]:
    """Yield what `list_source` would yield of some files of a folder, in order."""
    for path in sorted(set(paths)):
        yield from _expanded(path, source, caps, link=path.is_symlink())


def _folder(source: Path, caps: ZipCaps) -> Iterator[SourceFile]:
    """Walk depth first without recursion; a folder that is reached twice through links is entered once."""
    waiting, entered = [source], set[tuple[int, int]]()
    while waiting:
        here = waiting.pop()
        try:
            status = here.stat()
            with os.scandir(here) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as error:
            if here == source:
                raise InputError(f"cannot read the folder {here}: {error.strerror}") from error
            yield _file(here, here.relative_to(source).as_posix(), source)
            continue
        if (status.st_dev, status.st_ino) in entered:
            continue
        entered.add((status.st_dev, status.st_ino))
        folders = [_is_folder(entry, source) for entry in entries]
        waiting += [Path(entry.path) for entry in reversed(list(compress(entries, folders)))]
        for entry, folder in zip(entries, folders, strict=True):
            if not folder:
                yield from _expanded(Path(entry.path), source, caps, link=entry.is_symlink())


def _is_folder(entry: os.DirEntry[str], source: Path) -> bool:
    try:
        return entry.is_dir() and not (entry.is_symlink() and leads_out(Path(entry.path), source))
    except OSError:
        return False


def _expanded(path: Path, source: Path, caps: ZipCaps, *, link: bool) -> Iterator[SourceFile]:
    out = link and leads_out(path, source)
    file = _file(path, path.relative_to(source).as_posix(), source, link=out)
    if not out and path.suffix.lower() == ".zip" and file_type_of(_head(path)) == "zip":
        yield from _unpacked(file, file.relative + "/", caps)
    else:
        yield file


def _head(path: Path) -> bytes:
    """Return the first bytes of a regular file; of anything else, nothing (a pipe would wait for ever)."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return b""
        with path.open("rb") as stream:
            return stream.read(HEAD_BYTES)
    except OSError:
        return b""


def _unpacked(archive: SourceFile, prefix: str, caps: ZipCaps) -> Iterator[SourceFile]:
    """Yield the members of a zip archive, or the archive itself where it cannot be unpacked within its caps."""
    members = _members(archive, prefix, caps)
    yield from [archive] if members is None else members


def _file(path: Path, relative: str, within: Path | None = None, *, link: bool = False) -> SourceFile:
    """Name a file that may be a broken link or vanish: then its size and time are 0, and reading it says why.

    Of a `link` that leads out, size and time are its own.
    """
    try:
        status = path.lstat() if link else path.stat()
    except OSError:
        return SourceFile(path, relative, 0, 0, within=within)
    return SourceFile(
        path, relative, status.st_size, status.st_mtime_ns, changed_ns=status.st_ctime_ns, within=within
    )  # fmt: skip


def _members(archive: SourceFile, prefix: str, caps: ZipCaps) -> list[SourceFile] | None:
    """Return the members of a zip archive after its table of contents was held against the caps, or None."""
    try:
        with zipfile.ZipFile(archive.path) as opened:
            entries = [entry for entry in opened.infolist() if not entry.filename.endswith("/")]
    except (zipfile.BadZipFile, OSError, NotImplementedError, OverflowError, ValueError, struct.error):
        return None
    total = sum(entry.file_size for entry in entries)
    if not entries or len(entries) > caps.members or total > caps.total_bytes:
        return None
    if sum(entry.compress_size for entry in entries) > archive.size_bytes:
        return None  # members that share their bytes: a bomb which no ratio shows
    names = [entry.filename for entry in entries]
    if len(set(names)) < len(names) or "" in names:
        return None
    return [
        replace(archive, relative=prefix + entry.filename, size_bytes=entry.file_size, member=entry.filename)
        for entry in entries
    ]


def member_fault(entry: zipfile.ZipInfo, caps: ZipCaps = ZipCaps()) -> str | None:
    """Say why a zip member may not be read, or None. No name of a member ever becomes a path, all the same."""
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (path.parts and ":" in path.parts[0]):
        return "a zip member with an absolute path or one that leads out of the archive"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "a zip member that is a link"
    if entry.flag_bits & 0x1:
        return "an encrypted zip member"
    if entry.compress_type not in _PACKINGS:
        return "a zip member packed in a rare way; stored, deflated and bzip2 ones are allowed"
    if entry.file_size > caps.member_bytes:
        return f"a zip member of {entry.file_size // MEBI} MiB; {caps.member_bytes // MEBI} MiB are allowed"
    if entry.file_size > MEBI and entry.file_size > caps.ratio * max(entry.compress_size, 1):
        return f"a zip member packed more than {caps.ratio:g} times"
    return None
