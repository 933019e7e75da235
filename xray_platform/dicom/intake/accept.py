"""Accept: sign the raw zone as it is, after someone has looked at what was changed and wants to go on from there."""

from collections.abc import Sequence

from xray_platform.dicom.intake.anchor import anchor_anew, read_anchor
from xray_platform.dicom.intake.history import RecordedHead
from xray_platform.dicom.intake.journal import journal_lock
from xray_platform.dicom.pseudonym import load_key
from xray_platform.errors import StoreError
from xray_platform.tables.places import Places


def accept(places: Places, recorded: Sequence[RecordedHead] = ()) -> None:
    """Begin a new series from journal and plans as they are now; the series before it are named as given up.

    What was changed up to now is taken for true from now on. Raises StoreError where the anchor cannot be written.
    """
    key = load_key(outside=[places.root])
    try:
        with journal_lock(places):
            anchor_anew(places, key, _given_up(places, recorded))
    except OSError as error:
        raise StoreError(f"cannot sign the raw zone {places.raw}: {error.strerror or error}") from error


def _given_up(places: Places, recorded: Sequence[RecordedHead]) -> list[str]:
    series = {said.series for said in recorded}
    try:
        found = read_anchor(places)
    except StoreError:
        found = None
    return sorted(series | ({found[0].series, *found[0].replaces} if found else set()))
