"""On demand: what of a store in object storage comes to this machine only when it is read.

Raw files always do; published pictures, standard images and tensors do where a machine works beside others. Rooms ask
here before they open or remove such; of a store that is a folder there is nothing to fetch.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from xray_platform.object_store.at_work import is_led
from xray_platform.object_store.commit import Commit, StoredFile, on_demand
from xray_platform.object_store.working_copy import WorkingCopy
from xray_platform.progress import Progress, silent
from xray_platform.tables.places import Places


def bring_raw(places: Places, paths: Collection[Path], progress: Progress = silent) -> None:
    """See to it that those of these raw files that the store has are on this machine. Raises StoreError."""
    if all(path.exists() for path in paths):
        return
    if (copy := WorkingCopy.of(places.root)) is not None:
        copy.bring_raw([path.relative_to(places.root).as_posix() for path in paths], progress)


def bring(places: Places, paths: Collection[Path], progress: Progress = silent) -> None:
    """See to it that those of these files, or files of batches' folders, that the store has are on this machine.

    Each is held against its SHA-256 when it comes, and stays. What was made anew or removed here stays as it is; under
    a command all of it is here already. Raises StoreError.
    """
    copy = WorkingCopy.of(places.root)
    if copy is None or is_led(places.root):
        return
    units = _known(copy).units
    copy.bring((units.get(path.relative_to(places.root).as_posix(), {}) for path in paths), progress)


def drop(places: Places, path: Path) -> None:
    """Remove a file that may not be on this machine from the store; one that is nowhere is fine."""
    path.unlink(missing_ok=True)
    if (copy := WorkingCopy.of(places.root)) is not None:
        copy.drop(path.relative_to(places.root).as_posix())


def kept_size(places: Places, path: Path) -> int | None:
    """Return the length in bytes of a raw file that the store keeps, here or in object storage; None without one."""
    if path.is_file():
        return path.stat().st_size
    copy = WorkingCopy.of(places.root)
    file = _known(copy).commit.files.get(path.relative_to(places.root).as_posix()) if copy is not None else None
    return file.size if file is not None else None


@dataclass(frozen=True)
class _Known:
    """A commit that a copy was made from, and its files that come on demand, by with what they come."""

    commit: Commit

    @cached_property
    def units(self) -> dict[str, dict[str, StoredFile]]:
        units = defaultdict[str, dict[str, StoredFile]](dict)
        for path, file in self.commit.files.items():
            units[on_demand(path)][path] = file
        return units


_READ: dict[tuple[Path, int], _Known] = {}


def _known(copy: WorkingCopy) -> _Known:
    """Return the commit that a copy was made from, read once as long as it is the same."""
    key = (copy.home, copy.changed_at())
    if key not in _READ:
        _READ.clear()
        _READ[key] = _Known(copy.base()[0])
    return _READ[key]
