"""Owner only: folders and files of the raw zone, which nobody but their owner may open."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

FOLDER_MODE, FILE_MODE, KEPT_MODE = 0o700, 0o600, 0o400
_OTHERS = 0o077


def make_folder(path: Path, zone: Path) -> None:
    """Make a folder and what is missing above it, down from `zone`, for their owner alone. Raises OSError."""
    if path != zone:
        make_folder(path.parent, zone)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=FOLDER_MODE, exist_ok=True)


def tighten(zone: Path) -> None:
    """Take what others may do from all of a zone that an earlier version left open; the zone itself comes last.

    A zone that is closed is not walked through: who may not enter it cannot reach what lies in it. Raises OSError.
    """
    if not zone.is_dir() or not stat.S_IMODE(zone.stat().st_mode) & _OTHERS:
        return
    for path in open_to_others(zone):
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
    zone.chmod(FOLDER_MODE)


def open_to_others(zone: Path) -> Iterator[Path]:
    """Yield every folder and file within a zone that others than its owner may use; links are left alone."""
    for folder, folders, files in os.walk(zone):
        for name in (*folders, *files):
            path = Path(folder, name)
            mode = path.lstat().st_mode
            if not stat.S_ISLNK(mode) and mode & _OTHERS:
                yield path
