"""VOI: read from the file which grey values its maker meant to be shown (PS3.3 section C.11.2)."""

from dataclasses import dataclass

import numpy as np

from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.pixels.lut import read_table


@dataclass(frozen=True)
class Shown:
    """The lowest and highest value, after the modality transformation, that are told apart on the screen."""

    low: float
    high: float
    words: str


def shown_range(container: Container, *, signed: bool) -> Shown | None:
    """Return what the first VOI LUT, else the first window, of a file shows; None where it states neither.

    A LUT goes before a window (C.11.2.1.1). Of its curve only the range is taken, in which its output changes. The
    limits of a window follow its function: LINEAR reaches from c - 0.5 - (w - 1) / 2 to c - 0.5 + (w - 1) / 2,
    LINEAR_EXACT and the steep part of SIGMOID from c - w / 2 to c + w / 2 (C.11.2.1.2 and C.11.2.1.3).
    """
    table = read_table(container, tags.VOI_LUT_SEQUENCE, signed=signed)
    if table is not None:
        changes = np.flatnonzero(np.diff(table.entries.astype(np.int64)))
        if changes.size:
            low, high = table.first + int(changes[0]), table.first + int(changes[-1]) + 1
            return Shown(low, high, f"VOI LUT of {len(table.entries)} entries, shown from {low} to {high}")
    return _window(container)


def _window(container: Container) -> Shown | None:
    centre = next(iter(container.decimals(tags.WINDOW_CENTER)), None)
    width = next(iter(container.decimals(tags.WINDOW_WIDTH)), None)
    function = container.text(tags.VOI_LUT_FUNCTION).upper() or "LINEAR"
    if centre is None or width is None or width < 1:
        return None
    linear = function == "LINEAR"
    middle, half = (centre - 0.5, (width - 1) / 2) if linear else (centre, width / 2)
    return Shown(middle - half, middle + half, f"window {function} {centre:g} / {width:g}")
