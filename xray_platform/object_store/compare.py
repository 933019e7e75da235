"""Compare: a working copy on disk beside a commit: what is there, what is another, what is too much."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from xray_platform.errors import StoreError
from xray_platform.object_store.commit import RAW_ZONE, Commit, StoredFile, is_raw_bytes, on_demand
from xray_platform.object_store.local_files import DatabaseNotes, is_by_hand, is_database

Here = Mapping[str, os.stat_result]


@dataclass(frozen=True)
class Difference:
    """What it takes to make a copy equal to a commit: files to fetch, paths to remove.

    `given_up` is what somebody here wrote, who did not live to commit it.
    """

    fetch: Mapping[str, StoredFile]
    remove: tuple[str, ...]
    given_up: tuple[str, ...]


def unchanged(root: Path, path: str, status: os.stat_result, file: StoredFile, notes: DatabaseNotes) -> bool:
    """Say whether a local file is the one of a commit: by length, time and mode; nothing is read."""
    if is_database(path):
        return notes.fits(root, path, status, file.sha256)
    if is_raw_bytes(path):  # never changes, so its time says nothing
        return status.st_size == file.size
    return (status.st_size, status.st_mtime_ns, status.st_mode & 0o777) == (file.size, file.modified_ns, file.mode)


def difference(
    root: Path, here: Here, base: Commit, target: Commit, notes: DatabaseNotes, *, whole: bool = True
) -> Difference:
    """Return what makes the copy equal to `target`, but for raw files, which are fetched when they are read.

    So are pictures and arrays where the copy shall not be `whole`.

    What people write themselves and changed here since `base` is kept. Raises StoreError where others changed it too.
    """
    kept = {path for path in here if is_by_hand(path) and _is_edit(root, path, here, base, target, notes)}

    def fits(path: str, file: StoredFile | None) -> bool:
        return file is not None and unchanged(root, path, here[path], file, notes)

    fetch = {
        path: file
        for path, file in target.files.items()
        if path not in kept and (not fits(path, file) if path in here else not _waits(path, whole=whole))
    }
    remove = tuple(path for path in here if path not in target.files and path not in kept)
    mine = [path for path in here if path not in kept and not fits(path, base.files.get(path))]
    given_up = tuple(path for path in mine if not fits(path, target.files.get(path)))
    return Difference(fetch, remove, given_up)


def elsewhere(
    base: Commit, mine: Mapping[str, StoredFile], gone: Collection[str], *, raw_may_go: bool, whole: bool
) -> dict[str, StoredFile]:
    """Return the files of a store that are not `mine`, which are those here, and yet are no less of it.

    What is `gone` was removed on purpose; of a folder that was made anew nothing old is left.
    """
    changed = [path for path, file in mine.items() if file != base.files.get(path)]
    anew = {on_demand(path) or path.rpartition("/")[0] for path in changed}

    def stays(path: str) -> bool:
        if is_raw_bytes(path):
            return not raw_may_go
        return not whole and bool(unit := on_demand(path)) and unit not in anew and path not in gone

    return {path: file for path, file in base.files.items() if path not in mine and stays(path)}


def _waits(path: str, *, whole: bool) -> bool:
    return is_raw_bytes(path) or (not whole and bool(on_demand(path)))


def _is_edit(root: Path, path: str, here: Here, base: Commit, target: Commit, notes: DatabaseNotes) -> bool:
    before, now = base.files.get(path), target.files.get(path)
    if any(file is not None and unchanged(root, path, here[path], file, notes) for file in (before, now)):
        return False
    if before == now:
        return True
    raise StoreError(
        f"{path} was changed by {target.by or 'another'} ({target.at}) and here; look at both, "
        f"then remove {root / path}, or have it say what is to hold"
    )


def touches_history(difference: Difference) -> bool:
    """Say whether journal or plans become others, so that indexes of them no longer hold."""
    changed = (*difference.fetch, *difference.remove)
    return any(path.startswith(RAW_ZONE) and not path.startswith(f"{RAW_ZONE}tables/") for path in changed)
