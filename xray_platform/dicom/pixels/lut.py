"""LUT: read and apply lookup tables as Modality and VOI LUT sequences hold them (PS3.3 section C.11.1.1)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.parse.element_scanner import Element
from xray_platform.dicom.pixels.decode import Pixels

FULL_LENGTH = 65536


@dataclass(frozen=True)
class LookupTable:
    """A table: `entries` (uint16) for the input values from `first` on; what lies outside gets the nearest entry."""

    entries: Pixels
    first: int
    bits: int

    def apply(self, values: Pixels) -> Pixels:
        """Return the entries for whole-number values of any shape."""
        index = np.clip(values.astype(np.int64) - self.first, 0, len(self.entries) - 1)
        found: Pixels = self.entries[index]
        return found


def read_table(container: Container, sequence: int, *, signed: bool) -> LookupTable | None:
    """Return the first table of a LUT sequence, or None where there is none that can be used."""
    items = container.sequences.get(sequence, [])
    return table_of(container, items[0], signed=signed) if items else None


def table_of(container: Container, item: Mapping[int, Element], *, signed: bool) -> LookupTable | None:
    """Return the table of one item of a LUT sequence, or None where it cannot be used."""
    descriptor = container.words(tags.LUT_DESCRIPTOR, within=item)
    raw = container.raw(tags.LUT_DATA, within=item)
    if len(descriptor) != 3:
        return None
    length, bits = descriptor[0] or FULL_LENGTH, descriptor[2]
    first = descriptor[1] - 65536 if signed and descriptor[1] > 32767 else descriptor[1]
    entries = _entries(raw, length, little=container.little)
    if entries is None or not 1 <= bits <= 16:
        return None
    # Some machines state 16 bits for 8-bit entries, or the other way round; the data say how many there are.
    return LookupTable(entries, first, max(bits, int(entries.max()).bit_length(), 1))


def _entries(raw: bytes, length: int, *, little: bool) -> Pixels | None:
    """Return the entries as uint16: one word each, or one byte each where the data are just so long."""
    if len(raw) >= 2 * length:
        return np.frombuffer(raw, "<u2" if little else ">u2", length).astype(np.uint16)
    if len(raw) >= length:
        return np.frombuffer(raw, np.uint8, length).astype(np.uint16)
    return None
