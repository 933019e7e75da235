"""Text: decide about writing that is part of the pixels: paint it over, or refuse the picture; never pass it."""

from dataclasses import dataclass

import numpy as np

from xray_platform.dicom.burned_in.find import Writing, find_writing, paint_over
from xray_platform.dicom.burned_in.network import DETECTOR
from xray_platform.dicom.deidentify.refused import RefusedError
from xray_platform.dicom.deidentify.settings import DeidentifySettings
from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.pixels.decode import Pixels
from xray_platform.dicom.rules import BURNED_IN_TEXT

BEYOND = 0.5  # of a line that is seen after painting: what lies more beside the painted places than on them is new
# PS3.3 section C.8.6.1: digitised film, scanned document, scanned image, digitised video.
_SCANNED = frozenset(("DF", "SD", "SI", "DV"))


@dataclass(frozen=True)
class CleanedText:
    """Pixels without burned-in text, how many lines were masked, their share of the picture, and how it was done."""

    values: Pixels
    masked: int
    share: float
    method: str


def clean_text(values: Pixels, settings: DeidentifySettings, stated: str = "") -> CleanedText:
    """Paint over the writing beside the body. `stated` is what the source says of burned-in text (0028,0301).

    Raises RefusedError where writing stands in the body or it is not sure that it does not, where painting would cover
    too much or leaves something to be read, or where text is stated and none is found.
    """
    found = find_writing(values)
    if not found.lines:
        if stated == "YES":
            raise RefusedError(BURNED_IN_TEXT, "quarantine", "burned-in text is stated, and none was found")
        return CleanedText(values, 0, 0.0, f"burned-in text: {DETECTOR}, none found")
    _refuse_unless_paintable(found, settings)
    painted = np.ascontiguousarray(paint_over(values, found.lines))
    if _something_else(find_writing(painted), found):
        raise RefusedError(
            BURNED_IN_TEXT, "quarantine", f"{_lines(found.count)} painted over, and something can still be read"
        )
    return CleanedText(painted, found.count, found.share, f"burned-in text: {DETECTOR}, {_lines(found.count)} masked")


def _something_else(after: Writing, before: Writing) -> bool:
    """Say whether writing is seen that was not painted over; of what was nothing is left, whatever it looks like."""
    beyond = (after.cover > 0) & (before.cover == 0)
    return any(float(beyond[line_cover > 0].mean()) > BEYOND for line_cover in after.covers)


def _refuse_unless_paintable(found: Writing, settings: DeidentifySettings) -> None:
    if settings.text_in_body == "quarantine" and not all(found.outside):
        where = "in the body, or not surely beside it"
        raise RefusedError(BURNED_IN_TEXT, "quarantine", f"{_lines(found.count)} of burned-in text, {where}")
    if found.share > settings.most_masked:
        covered = f"masks over {_lines(found.count)} of burned-in text would cover {found.share:.1%} of the picture"
        raise RefusedError(BURNED_IN_TEXT, "quarantine", f"{covered}; {settings.most_masked:.1%} are allowed")


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"


def refuse_scans(container: Container) -> None:
    """Raise RefusedError for what was scanned or photographed off a screen: its text may be anywhere."""
    conversion = container.text(tags.CONVERSION_TYPE).upper()
    if conversion in _SCANNED:
        raise RefusedError(
            BURNED_IN_TEXT, "quarantine", f"conversion type {conversion}: scanned pictures may hold text anywhere"
        )
    if "SCREEN SAVE" in (text.upper() for text in container.texts(tags.IMAGE_TYPE)):
        raise RefusedError(BURNED_IN_TEXT, "quarantine", "a copy of a screen: it may hold text anywhere")
