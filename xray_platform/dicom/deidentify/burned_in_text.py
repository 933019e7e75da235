"""Burned-in text: paint writing in the pixels over, or refuse the picture; never let it pass."""

from dataclasses import dataclass

import cv2
import numpy as np

from xray_platform.dicom.burned_in.fill import filled
from xray_platform.dicom.burned_in.find import find_writing
from xray_platform.dicom.burned_in.lines import Cover, cover_of
from xray_platform.dicom.burned_in.network import DETECTOR
from xray_platform.dicom.deidentify.refused import RefusedError
from xray_platform.dicom.deidentify.settings import DeidentifySettings
from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.pixels.decode import Pixels
from xray_platform.dicom.rules import BURNED_IN_TEXT

SEARCHES = 4
"""What is seen once brighter writing is gone is painted over too, so often less one."""
BEYOND = 0.5  # share of a line that is painted over already, above which nothing of it is left, whatever it looks like
# PS3.3 section C.8.6.1: digitised film, scanned document, scanned image, digitised video.
_SCANNED = frozenset(("DF", "SD", "SI", "DV"))


@dataclass(frozen=True, eq=False)
class CleanedText:
    """Pixels without burned-in text, where they were painted over (0 or 1), how many lines, and how it was done."""

    values: Pixels
    cover: Cover
    masked: int
    method: str

    @property
    def share(self) -> float:
        """Share of the picture that is painted over."""
        return float(self.cover.mean())


def clean_text(values: Pixels, settings: DeidentifySettings, stated: str = "") -> CleanedText:
    """Paint over the writing beside the chest. `stated` is what the source says of burned-in text (0028,0301).

    Raises RefusedError where writing stands over the chest or it is not sure that it does not, where painting would
    cover too much or leaves something to be read, or where text is stated and none is found.
    """
    cover, painted = np.zeros(values.shape, np.uint8), values
    for _ in range(SEARCHES):
        found = find_writing(painted)
        fresh = [number for number, line in enumerate(found.covers) if float(cover[line > 0].mean()) < BEYOND]
        if not fresh:
            return _cleaned(painted, cover, stated)
        cover = cover | cover_of([found.lines[number] for number in fresh], values.shape)
        _refuse_unless_paintable(cover, all(found.paintable[number] for number in fresh), settings)
        painted = np.ascontiguousarray(filled(values, cover))
    raise RefusedError(BURNED_IN_TEXT, "quarantine", f"{_lines(cover)} painted over, and something can still be read")


def _cleaned(painted: Pixels, cover: Cover, stated: str) -> CleanedText:
    masked = _count(cover)
    if stated == "YES" and not masked:
        raise RefusedError(BURNED_IN_TEXT, "quarantine", "burned-in text is stated, and none was found")
    done = f"{_lines(cover)} masked" if masked else "none found"
    return CleanedText(painted, cover, masked, f"burned-in text: {DETECTOR}, {done}")


def _refuse_unless_paintable(cover: Cover, paintable: bool, settings: DeidentifySettings) -> None:
    if settings.text_in_body == "quarantine" and not paintable:
        where = "over the chest, or not surely beside it"
        raise RefusedError(BURNED_IN_TEXT, "quarantine", f"{_lines(cover)} of burned-in text, {where}")
    share = float(cover.mean())
    if share > settings.most_masked:
        covered = f"masks over {_lines(cover)} of burned-in text would cover {share:.1%} of the picture"
        raise RefusedError(BURNED_IN_TEXT, "quarantine", f"{covered}; {settings.most_masked:.1%} are allowed")


def _lines(cover: Cover) -> str:
    count = _count(cover)
    return "1 line" if count == 1 else f"{count} lines"


def _count(cover: Cover) -> int:
    return int(cv2.connectedComponents(cover)[0]) - 1


def refuse_scans(container: Container) -> None:
    """Raise RefusedError for what was scanned or photographed off a screen: its text may be anywhere."""
    conversion = container.text(tags.CONVERSION_TYPE).upper()
    if conversion in _SCANNED:
        raise RefusedError(
            BURNED_IN_TEXT, "quarantine", f"conversion type {conversion}: scanned pictures may hold text anywhere"
        )
    if "SCREEN SAVE" in (text.upper() for text in container.texts(tags.IMAGE_TYPE)):
        raise RefusedError(BURNED_IN_TEXT, "quarantine", "a copy of a screen: it may hold text anywhere")
