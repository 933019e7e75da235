"""Told: evidence names what the dictionary knows and rounds the rest, so that no file can spell a name through it."""

import re
import struct
from typing import Any

import pytest

from xray_platform.dicom.parse import evidence_text
from xray_platform.dicom.quality.examination import examine_bytes
from xray_platform_tests.dicom import made


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        (0x00280010, "the element Rows"),
        (0x775A6361, "an element that the dictionary does not know"),
        (0x775B6361, "a private element"),
        (0x74686361, "an element that the dictionary does not know"),
    ],
)
def test_only_tags_of_the_dictionary_are_named(tag: int, words: str) -> None:
    assert evidence_text.element(tag) == words


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0"), (999, "999"), (1835820395, "about 1800000000"), (99999, "about 100000")]
)
def test_large_numbers_have_two_digits(number: int, words: str) -> None:
    assert evidence_text.about(number) == words


def spelt(number: int) -> set[str]:
    return {str(number), f"{number:x}", f"{number:08x}"}


@pytest.mark.parametrize(
    "planted",
    [
        struct.pack("<HH2sHL", 0x775A, 0x6361, b"OB", 0, 1835820395),
        struct.pack("<HH2sHL", 0x0008, 0x1111, b"OB", 0, 1835820395),
        struct.pack("<HH2sH", 0x6F4B, 0x6177, b"LO", 0x736C),
    ],
)
def test_a_header_that_spells_a_name_leaves_no_sign_of_it_in_evidence(planted: bytes) -> None:
    data = made.file(made.chest(64, 64))
    place = data.index(b"\x08\x00\x60\x00CS")
    evidence = " ".join(found.evidence for found in examine_bytes(data[:place] + planted).findings)
    assert evidence
    found = set(re.findall(r"[0-9a-f]{4,}", evidence))
    assert not found & {"775a", "6361", "1111", "6f4b", "6177", "29548", *spelt(1835820395)}


@pytest.mark.parametrize(
    ("attributes", "number"),
    [
        ({"NumberOfFrames": "48213977"}, "48213977"),
        ({"LossyImageCompression": "01", "LossyImageCompressionRatio": "48213977"}, "48213977"),
        ({"BitsStored": 21313, "HighBit": 20041}, "21313"),
        ({"SamplesPerPixel": 20041}, "20041"),
    ],
)
def test_numbers_of_the_header_are_not_repeated(attributes: dict[str, Any], number: str) -> None:
    evidence = " ".join(found.evidence for found in examine_bytes(made.file(made.chest(64, 64), **attributes)).findings)
    assert number not in evidence
