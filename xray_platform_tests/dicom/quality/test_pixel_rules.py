"""Pixel rules: a layout that does not hold together is told before anything is decoded."""

import struct
from typing import Any

import numpy as np
import pytest

from xray_platform.dicom.quality import examination
from xray_platform.dicom.quality.examination import examine_bytes
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform_tests.dicom import made
from xray_platform_tests.dicom.quality.cases import chest, file, grey8


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_as_many_bits_as_fit_are_no_news(bits: int) -> None:
    depth = np.uint8 if bits == 8 else np.uint16
    picture = np.asarray(chest() >> 4 if bits == 8 else chest().astype(np.uint32) * 16 >> 16 - bits, depth)
    assert examine_bytes(file(picture, BitsStored=bits)).findings == ()


def test_one_byte_of_padding_is_no_news() -> None:
    odd = made.chest(513, 601, bits=8).astype(np.uint8)
    assert examine_bytes(file(odd, PixelData=odd.tobytes() + b"\0")).findings == ()


def test_pixels_beyond_the_cap_are_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "decode_file", pytest.fail)
    settings = QualitySettings(max_megapixels=1)
    data = file(made.chest(1100, 1000))
    assert examine_bytes(data, settings).decision == "reject"


def test_a_palette_that_is_grey_in_truth_is_only_warned_of() -> None:
    ramp = (np.arange(256) * 257).astype("<u2").tobytes()
    palette: dict[str, Any] = {f"{name}PaletteColorLookupTableData": ramp for name in ("Red", "Green", "Blue")}
    sizes: dict[str, Any] = {
        f"{name}PaletteColorLookupTableDescriptor": [256, 0, 16] for name in ("Red", "Green", "Blue")
    }
    found = examine_bytes(file(grey8(), PhotometricInterpretation="PALETTE COLOR", **palette, **sizes)).findings
    assert [(finding.rule, finding.severity) for finding in found if finding.rule == "Q030"] == [("Q030", "warn")]


def test_a_ct_with_fragments_under_an_uncompressed_syntax_is_a_row() -> None:
    data = file(Modality="CT", BitsStored=12, HighBit=11)
    place = data.rindex(b"\xe0\x7f\x10\x00")
    item = struct.pack("<HHL", 0xFFFE, 0xE000, 4) + b"abcd"
    fragments = struct.pack("<HHL", 0xFFFE, 0xE000, 0) + item + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
    examined = examine_bytes(data[:place] + struct.pack("<HH2sHL", 0x7FE0, 0x10, b"OW", 0, 0xFFFFFFFF) + fragments)
    codes = {found.rule: found.evidence for found in examined.findings}
    assert examined.decision == "reject"
    assert codes["Q024"] == "encapsulated pixel data under an uncompressed transfer syntax"
    assert "Q040" in codes
