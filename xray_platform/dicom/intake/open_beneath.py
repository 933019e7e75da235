"""Open beneath: open what lies below a folder, and nothing that a link leads to outside of it."""

import errno
import os
from pathlib import Path

# Without O_NONBLOCK a named pipe would wait for ever.
FILE = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
_FOLDER = os.O_DIRECTORY | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)


def leads_out(path: Path, source: Path) -> bool:
    """Say whether links lead from a path below the folder `source` out of it."""
    top = os.path.realpath(source)
    return os.path.commonpath([os.path.realpath(path), top]) != top


def open_beneath(path: Path, source: Path) -> int:
    """Return a descriptor of what a path below the folder `source` means, for reading.

    It goes from folder to folder and follows no link on its way, so none that is made meanwhile either; a link that
    stays below the folder is resolved first. Raises OSError, ELOOP where a link leads out.
    """
    try:
        return _open(Path(os.path.relpath(path, source)), source)
    except OSError as error:
        # a folder that is a link is no folder to O_NOFOLLOW
        if error.errno not in {errno.ELOOP, errno.ENOTDIR}:
            raise
    top = os.path.realpath(source)
    real = os.path.realpath(path)
    if os.path.commonpath([real, top]) != top:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return _open(Path(os.path.relpath(real, top)), Path(top))


def _open(relative: Path, top: Path) -> int:
    *folders, name = relative.parts
    here = os.open(top, _FOLDER)
    try:
        for folder in folders:
            below = os.open(folder, _FOLDER | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = below
        return os.open(name, FILE | os.O_NOFOLLOW, dir_fd=here)
    finally:
        os.close(here)
