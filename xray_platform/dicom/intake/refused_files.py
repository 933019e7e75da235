"""Refused files: what could not be taken in when it was last tried, and may be another time."""

from collections.abc import Iterator
from pathlib import Path

from xray_platform.dicom.intake.index import open_index
from xray_platform.dicom.intake.journal import journal_path
from xray_platform.dicom.intake.safe_open import may_pass
from xray_platform.dicom.intake.sources import unspelled
from xray_platform.tables.places import Places

FORGOTTEN = "its bytes were forgotten on request"
"""How the reason begins for which a file with a tombstone is refused."""


def tried(places: Places, source: Path) -> Iterator[Path]:
    """Yield the files of a folder that could not be read when they were last tried, for a reason that may pass."""
    for name in refused(places):
        path = Path(unspelled(name))
        if not path.is_file() and "!" in name:
            path = Path(unspelled(name.rpartition("!")[0]))
        if path.is_relative_to(source) and path.is_file():
            yield path


def refused(places: Places, *, forgotten: bool = False) -> frozenset[str]:
    """Return the sources that could not be read when they were last tried, for a reason that may pass.

    With `forgotten` also those that were refused since their bytes had been forgotten.
    """
    if not journal_path(places).exists():
        return frozenset()
    with open_index(places) as index:
        index.catch_up()
        return frozenset(
            source
            for source, reason in index.failed()
            if may_pass(reason) or (forgotten and reason.startswith(FORGOTTEN))
        )
