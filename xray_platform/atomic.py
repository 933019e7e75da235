"""Atomic: write a file or a folder as a whole: a reader sees the old one or the new one, never a part of one."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from xray_platform.errors import StoreError

NAME_KEPT = 40  # letters of a name that its temporary name repeats; the whole would not always fit


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a hidden path beside `path` for a new file or folder, and move what was written there to `path` at the end.

    Missing folders above `path` are made. After an error the new one is removed and the old one is as it was. Between
    an old folder and a new one there is none for a moment. Raises StoreError where the disk does not take it.
    """
    temporary = path.with_name(f".{path.name[:NAME_KEPT]}.{uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _move(temporary, path)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        _remove(temporary)


def atomic_write(
    path: Path, content: str | bytes | Iterable[bytes], *, mode: int = 0o666, durable: bool = False
) -> None:
    """Write a file as a whole: text (as UTF-8), bytes, or parts that follow one another.

    `mode` is what the file's owner and others may do, less the umask. `durable` has the disk keep the bytes before
    they take their name. Raises StoreError as `atomic_path` does.
    """
    parts = (content.encode(),) if isinstance(content, str) else (content,) if isinstance(content, bytes) else content
    with atomic_path(path) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(parts)
            if durable:
                file.flush()
                os.fsync(file.fileno())


def remove_leftovers(path: Path) -> None:
    """Remove what killed writers of `path` left beside it; nobody else may be writing it."""
    if path.parent.is_dir():
        for leftover in path.parent.iterdir():
            if leftover.name.startswith(f".{path.name[:NAME_KEPT]}.") and leftover.name.endswith((".part", ".old")):
                _remove(leftover)


def _move(temporary: Path, path: Path) -> None:
    """Rename; a folder cannot be renamed over a full one, so that one steps aside first."""
    if not (temporary.is_dir() and path.exists()):
        temporary.replace(path)
        return
    aside = temporary.with_suffix(".old")
    path.replace(aside)
    try:
        temporary.replace(path)
    except OSError:
        aside.replace(path)
        raise
    _remove(aside)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
