"""Encode: write a DICOM file anew, in Explicit VR Little Endian (PS3.5 section 7.1, PS3.10 section 7.1)."""

import struct
from collections.abc import Iterable
from typing import NamedTuple

IMPLEMENTATION_CLASS = "2.25.210456789245631774082246853175630918247"
IMPLEMENTATION_VERSION = "XRAYPLATFORM"
_LONG = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"))
_ITEM, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF


Items = tuple[tuple["Written", ...], ...]


class Written(NamedTuple):
    """One attribute to write. `value` is in little-endian bytes, or holds the items of a sequence.

    `made` says that the product made the value itself: a pseudonym, a moved date, a mark, what the pixels bear out.
    """

    tag: int
    vr: str
    value: "bytes | Items"
    made: bool = False


def encode_element(element: Written) -> bytes:
    """Return an attribute with tag, value representation and even length."""
    value = element.value if isinstance(element.value, bytes) else encode_items(element.value)
    if len(value) % 2:
        value += b"\0" if element.vr in {"UI", "OB"} else b" "
    return element_head(element.tag, element.vr, len(value)) + value


def element_head(tag: int, vr: str, length: int) -> bytes:
    """Return what stands before a value: tag, value representation, length."""
    if vr in _LONG:
        return struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, vr.encode(), 0, length)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), length)


def encode_dataset(elements: Iterable[Written]) -> bytes:
    """Return attributes in the order of their tags."""
    return b"".join(encode_element(element) for element in sorted(elements, key=lambda element: element.tag))


def encode_items(items: Iterable[Iterable[Written]]) -> bytes:
    """Return the items of a sequence, which is their value once encoded."""
    bodies = [encode_dataset(item) for item in items]
    return b"".join(_tagged(_ITEM, len(body)) + body for body in bodies)


def encapsulate(tag: int, stream: bytes) -> bytes:
    """Return one compressed frame as pixel data with an empty offset table (PS3.5 annex A.4)."""
    padded = stream + b"\0" * (len(stream) % 2)
    return b"".join(
        (element_head(tag, "OB", _UNDEFINED), _tagged(_ITEM, 0), _tagged(_ITEM, len(padded)), padded,
         _tagged(_SEQUENCE_END, 0))
    )  # fmt: skip


def _tagged(tag: int, length: int) -> bytes:
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, length)


def file_head(sop_class: str, instance: str, transfer_syntax: str) -> bytes:
    """Return a preamble of zeros, the magic word and file meta information that tells nothing of the source."""
    meta = encode_dataset(
        (
            Written(0x00020001, "OB", b"\x00\x01"),
            Written(0x00020002, "UI", sop_class.encode()),
            Written(0x00020003, "UI", instance.encode()),
            Written(0x00020010, "UI", transfer_syntax.encode()),
            Written(0x00020012, "UI", IMPLEMENTATION_CLASS.encode()),
            Written(0x00020013, "SH", IMPLEMENTATION_VERSION.encode()),
        )
    )
    return b"\0" * 128 + b"DICM" + encode_element(Written(0x00020000, "UL", struct.pack("<L", len(meta)))) + meta
