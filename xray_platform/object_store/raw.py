"""Raw: raw files of a store in object storage come to this machine only when they are read.

Rooms ask here before they open raw files; of a store that is a folder there is nothing to do.
"""

from collections.abc import Collection
from pathlib import Path

from xray_platform.object_store.cache import url_of
from xray_platform.object_store.commit import Commit
from xray_platform.object_store.working_copy import WorkingCopy
from xray_platform.progress import Progress, silent
from xray_platform.tables.places import Places

_READ: dict[tuple[Path, int], Commit] = {}


def bring_raw(places: Places, paths: Collection[Path], progress: Progress = silent) -> None:
    """See to it that those of these raw files that the store has are on this machine. Raises StoreError."""
    if all(path.exists() for path in paths):
        return
    if (copy := WorkingCopy.of(places.root)) is not None:
        copy.bring_raw([path.relative_to(places.root).as_posix() for path in paths], progress)


def kept_size(places: Places, path: Path) -> int | None:
    """Return the length in bytes of a raw file that the store keeps, here or in object storage; None without one."""
    if path.is_file():
        return path.stat().st_size
    if url_of(places.root) is None:
        return None
    file = _base(places).files.get(path.relative_to(places.root).as_posix())
    return file.size if file is not None else None


def _base(places: Places) -> Commit:
    """Return the commit that a copy was made from, read once as long as it is the same."""
    copy = WorkingCopy.of(places.root)
    if copy is None:
        return Commit()
    key = (copy.home, copy.changed_at())
    if key not in _READ:
        _READ.clear()
        _READ[key] = copy.base()[0]
    return _READ[key]
