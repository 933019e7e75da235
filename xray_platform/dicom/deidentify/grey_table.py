"""Grey table: take a look-up table of grey values over as numbers, if it is one, and write it anew (PS3.3 C.11.1)."""

import struct
from collections.abc import Mapping

import numpy as np

from xray_platform.dicom.deidentify.encode import Written
from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.parse.element_scanner import Element
from xray_platform.dicom.pixels.lut import LookupTable, table_of

FEWEST_ENTRIES, FEWEST_BITS = 16, 8


def grey_table(container: Container, item: Mapping[int, Element], *, signed: bool) -> LookupTable | None:
    """Return the table of a LUT item, or None where it is none.

    A table of grey values rises or falls throughout; one that jumps up and down holds something else. Bytes in place of
    words, and a stated depth that is too small for the entries, are put right.
    """
    table = table_of(container, item, signed=signed)
    if table is None or len(table.entries) < FEWEST_ENTRIES or table.bits < FEWEST_BITS:
        return None
    steps = np.diff(table.entries.astype(np.int32))
    return table if bool((steps >= 0).all() or (steps <= 0).all()) else None


def written_table(table: LookupTable, word_vr: str) -> tuple[Written, Written]:
    """Return descriptor and data of a table, whose entries are words whatever they were in the source."""
    first = table.first & 0xFFFF
    descriptor = struct.pack("<3H", len(table.entries) & 0xFFFF, first, table.bits)
    return (
        Written(tags.LUT_DESCRIPTOR, word_vr, descriptor, made=True),
        Written(tags.LUT_DATA, "OW", table.entries.astype("<u2").tobytes()),
    )
