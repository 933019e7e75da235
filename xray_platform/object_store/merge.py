"""Merge: what two writers made of one commit, path by path."""

from collections.abc import Mapping

from xray_platform.errors import StoreError
from xray_platform.object_store.commit import Commit, StoredFile

SHOWN = 3


class OvertakenError(StoreError):
    """What was worked on is not what the store is now: others were faster, and theirs stands."""


def merged(base: Commit, mine: Mapping[str, StoredFile], theirs: Commit, mine_by: str) -> dict[str, StoredFile]:
    """Return the files of `theirs` with what `mine` changed since `base`.

    Both may have made the same of a file. Raises OvertakenError, which names both writers, where they made different
    things of it, or one changed what the other removed: nothing is lost unsaid.
    """
    changed = {path for path in {*base.files, *mine} if not same(base.files.get(path), mine.get(path))}
    both = [
        path
        for path in sorted(changed)
        if not same(base.files.get(path), theirs.files.get(path)) and not same(mine.get(path), theirs.files.get(path))
    ]
    if both:
        more = f" and {len(both) - SHOWN} more" if len(both) > SHOWN else ""
        raise OvertakenError(
            f"{', '.join(both[:SHOWN])}{more} were changed by {theirs.by} ({theirs.at}) and by {mine_by}; what the "
            "first committed stands, and this one's is not kept: run the same command once more"
        )
    files = dict(theirs.files)
    for path in changed:
        if (file := mine.get(path)) is not None:
            files[path] = file
        else:
            files.pop(path, None)
    return files


def same(one: StoredFile | None, other: StoredFile | None) -> bool:
    """Say whether two are the same bytes with the same rights, whenever they were written."""
    if one is None or other is None:
        return one is other
    return (one.sha256, one.mode) == (other.sha256, other.mode)
