"""Text: decide about text that is part of the pixels: mask it, or refuse the picture; never pass it silently."""

from dataclasses import dataclass

import numpy as np

from xray_platform.dicom import tags
from xray_platform.dicom.burned_in import DETECTOR, find_text, mask_text
from xray_platform.dicom.container import Container
from xray_platform.dicom.decode import Pixels
from xray_platform.dicom.deidentify.refused import TEXT, RefusedError
from xray_platform.dicom.deidentify.settings import DeidentifySettings

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
    """Mask the text in a picture's border. `stated` is what the source says of burned-in text (0028,0301).

    Raises RefusedError where masks would cover too much, or where text is stated and none is found.
    """
    lines = find_text(values)
    if not lines:
        if stated == "YES":
            raise RefusedError(TEXT, "quarantine", "burned-in text is stated, and none was found in the border")
        return CleanedText(values, 0, 0.0, f"burned-in text: {DETECTOR}, none found")
    share = sum(line.area for line in lines) / values.size
    if share > settings.most_masked:
        found = f"masks over {len(lines)} lines of burned-in text would cover {share:.1%} of the picture"
        raise RefusedError(TEXT, "quarantine", f"{found}; {settings.most_masked:.1%} are allowed")
    masked = np.ascontiguousarray(mask_text(values, lines))
    return CleanedText(masked, len(lines), share, f"burned-in text: {DETECTOR}, {len(lines)} lines masked")


def refuse_scans(container: Container) -> None:
    """Raise RefusedError for what was scanned or photographed off a screen: its text may be anywhere."""
    conversion = container.text(tags.CONVERSION_TYPE).upper()
    if conversion in _SCANNED:
        raise RefusedError(TEXT, "quarantine", f"conversion type {conversion}: scanned pictures may hold text anywhere")
    if "SCREEN SAVE" in (text.upper() for text in container.texts(tags.IMAGE_TYPE)):
        raise RefusedError(TEXT, "quarantine", "a copy of a screen: it may hold text anywhere")
