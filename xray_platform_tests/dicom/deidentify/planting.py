"""Planting: put a unique token into any attribute, in the form that its value representation wants."""

from collections.abc import Iterable, Iterator
from typing import Any

from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import dictionary_VM, dictionary_VR
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from xray_platform.dicom.deidentify.policy import load_policy

TEXT = ("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT")
# What a file cannot be a file without: character set, class, patient ID, photometric interpretation, frames.
_LEFT_OUT = frozenset((0x00080005, 0x00080016, 0x00100020, 0x00280004, 0x00280008))


class Plants:
    """Makes tokens, each one once, and remembers the bytes of each by the place it was planted in."""

    def __init__(self) -> None:
        self.tokens: dict[str, bytes] = {}
        self._count = 0

    def value(self, vr: str, where: str) -> Any:
        """Return a new value for a representation, or None where its values are no text."""
        self._count += 1
        number = self._count
        dated = f"{number // 28 % 12 + 1:02d}{number % 28 + 1:02d}"
        forms: dict[str, str | bytes] = {
            "DA": f"{1911 + number // 336:04d}{dated}",
            "DT": f"{1811 + number // 336:04d}{dated}081732.{number:06d}",
            "TM": f"0817{number % 59 + 1:02d}.{number:06d}",
            "UI": f"1.2.826.0.1.9999.{number}.77",
            "OB": f"PLANTED{number:05d}X".encode(),
            "UN": f"PLANTED{number:05d}X".encode(),
            "DS": f"{number}.90817263",
            **dict.fromkeys(TEXT, f"PLANTED{number:05d}X"),
        }
        value = forms.get(vr)
        if value is not None:
            self.tokens[where] = value if isinstance(value, bytes) else value.encode()
        return value

    def leaks(self, written: bytes) -> dict[str, bytes]:
        """Return the planted tokens that stand in the bytes, by place."""
        return {where: token for where, token in self.tokens.items() if token in written}


def every_attribute() -> Iterator[tuple[int, str, str]]:
    """Yield tag, representation and keyword of every attribute of the DICOM dictionary that can hold a token.

    Numbers that the policy lets stay within their range are no identities and are left out.
    """
    numbers = {row.tag for row in load_policy().rows if row.rule in {"number", "numbers"}}
    for tag in DicomDictionary:
        vr = dictionary_VR(tag)
        known = vr in TEXT or vr in {"DA", "DT", "TM", "UI", "OB", "UN", "DS"}
        if known and tag >> 16 not in (0x0000, 0x0002, 0x7FE0, 0xFFFC) and tag not in _LEFT_OUT | numbers:
            yield tag, vr, DicomDictionary[tag][4] or f"{tag:08x}"


def plant(made: Dataset, attributes: Iterable[tuple[int, str, str]], plants: Plants, where: str) -> Dataset:
    """Add a token in each of the attributes, in place of what the dataset may hold there."""
    for tag, vr, keyword in attributes:
        token = plants.value(vr, f"{where}/{keyword}")
        if token is not None:
            several = vr == "DS" and dictionary_VM(tag).startswith("2")
            made.add_new(tag, vr, [token, token] if several else token)
    return made


def nested(item: Dataset, *keywords: str) -> Sequence:
    """Return a sequence whose item holds, through the sequences named, the item."""
    for keyword in reversed(keywords):
        outer = Dataset()
        setattr(outer, keyword, Sequence([item]))
        item = outer
    return Sequence([item])
