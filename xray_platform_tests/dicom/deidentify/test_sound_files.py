"""Sound files are not refused: what others or this tool de-identified, look-up tables, the product's own words."""

import dataclasses
import itertools
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from xray_platform.dicom.deidentify.engine import deidentify
from xray_platform.dicom.deidentify.person import GivenIdentity
from xray_platform.dicom.deidentify.policy import TOP, load_policy
from xray_platform.dicom.deidentify.refused import RefusedError
from xray_platform.dicom.parse.container import open_container
from xray_platform.dicom.pixels.stored_values import stored_values
from xray_platform.dicom.pixels.voi import shown_range
from xray_platform.phantoms.dicom_file import dicom_bytes
from xray_platform.phantoms.plan import plan_spare
from xray_platform.phantoms.render import render
from xray_platform.phantoms.style import TRANSFER_SYNTAXES
from xray_platform.phantoms.vendors import VENDORS
from xray_platform_tests.dicom.deidentify.making import DX, KEY, PAINTED, coded, encoded, hiding, make, smooth

MADE_ANEW = frozenset(("uid", "date", "datetime", "subject", "study", "accession", "device"))
SOMEBODY = GivenIdentity("somebody")
METHOD = 0x00120063  # says what was done about text, which after the first time is nothing
# CID 7050, codes and meanings (PS3.16).
CONFIDENTIALITY = {
    "113100": "Basic Application Confidentiality Profile", "113101": "Clean Pixel Data Option",
    "113102": "Clean Recognizable Visual Features Option", "113103": "Clean Graphics Option",
    "113104": "Clean Structured Content Option", "113105": "Clean Descriptors Option",
    "113106": "Retain Longitudinal Temporal Information Full Dates Option",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
    "113108": "Retain Patient Characteristics Option", "113109": "Retain Device Identity Option",
    "113110": "Retain UIDs Option", "113111": "Retain Safe Private Option",
    "113112": "Retain Institution Identity Option",
}  # fmt: skip


def cleaned(made: Dataset) -> pydicom.FileDataset:
    return pydicom.dcmread(BytesIO(deidentify(encoded(made), KEY).data))


def comparable(data: bytes) -> dict[int, Any]:
    """Everything that a file says, but for what every pass makes anew with the key."""
    rows = load_policy().places[TOP]
    made = pydicom.dcmread(BytesIO(data))
    kept = {}
    for element in made:
        row = rows.get(element.tag)
        if element.tag != METHOD and not (row is not None and row.rule in MADE_ANEW):
            kept[int(element.tag)] = "UIDs" if _has_references(element) else element.value
    return {**kept, 2: made.file_meta.TransferSyntaxUID}


def _has_references(element: pydicom.DataElement) -> bool:
    return element.VR == "SQ" and any("ReferencedSOPInstanceUID" in item for item in element.value)


def phantom_files() -> Iterator[bytes]:
    """Phantoms of every maker and in every transfer syntax."""
    for number, (vendor, syntax) in enumerate(zip(itertools.cycle(VENDORS), TRANSFER_SYNTAXES, strict=False)):
        spare = plan_spare(number, 96, 5)
        style = dataclasses.replace(
            spare.style, vendor=vendor, transfer_syntax=str(syntax), modality="DX" if number % 3 else "CR",
            photometric="MONOCHROME1" if number % 2 else "MONOCHROME2", private_block=number % 4 == 0,
        )  # fmt: skip
        yield dicom_bytes(render(spare.parameters), spare.identity, style)


def test_twice_is_the_same_as_once_for_phantoms_of_every_maker_and_encoding() -> None:
    for data in phantom_files():
        once = deidentify(data, KEY).data
        assert comparable(deidentify(once, KEY).data) == comparable(once)


def test_twice_is_the_same_as_once_for_real_files(shared_data: Path) -> None:
    written = 0
    for folder in ("dicom_cxr", "odd_dicom"):
        for path in sorted((shared_data / folder).iterdir()):
            data = path.read_bytes()
            if not path.name.startswith("labels") and len(data) < 600_000:
                try:
                    once = deidentify(data, KEY, SOMEBODY, PAINTED).data
                except RefusedError:
                    continue
                written += once[128:132] == b"DICM"
                if once[128:132] == b"DICM":
                    assert comparable(deidentify(once, KEY, settings=PAINTED).data) == comparable(once), path.name
    assert written >= 20


def test_a_file_that_this_tool_wrote_may_be_labelled_with_the_same_subject_again() -> None:
    made = make(PatientID="")
    once = deidentify(encoded(made), KEY, SOMEBODY).data
    assert pydicom.dcmread(BytesIO(once)).PatientID == KEY.subject("somebody")
    assert deidentify(once, KEY, SOMEBODY).data


def test_the_marks_of_others_refuse_nothing() -> None:
    made = make(
        sop_class=DX,
        PatientIdentityRemoved="YES",
        DeidentificationMethod=["Basic Application Confidentiality Profile", "CTP Default: Clean Pixel Data Option"],
        DeidentificationMethodCodeSequence=[coded(code, "DCM", meaning) for code, meaning in CONFIDENTIALITY.items()],
    )
    clean = cleaned(made)
    assert [item.CodeValue for item in clean.DeidentificationMethodCodeSequence] == [
        "113100", "113101", "113105", "113107", "113108",
    ]  # fmt: skip
    assert all("CTP" not in value for value in clean.DeidentificationMethod)


@pytest.mark.parametrize("text", [
    "serial", "Serial number of the model", "digital system, standard detector", "Chest of the patient",
    "FOR PRESENTATION monochrome2 original primary", "policy and key", "IDENTITY", "SCINTILLATOR", "sub-det model",
    "Xray Platform", "Lossy Compression", "masked lines found", "2.25.77", "none found", "RETAIN patient data",
])  # fmt: skip
def test_the_products_own_words_refuse_nothing(text: str) -> None:
    made = make(
        sop_class=DX, PatientComments=text, AdditionalPatientHistory=text, DeviceSerialNumber="77", ImageComments=text
    )
    made.ManufacturerModelName = text[:64]
    made.DerivationCodeSequence = [coded("113040", "DCM", "Lossy Compression")]
    clean = cleaned(made)
    assert clean.DeviceSerialNumber.startswith("SERIAL-")
    assert clean.ManufacturerModelName.startswith("MODEL-")


def table(entries: np.ndarray[Any, Any], bits: int, first: int = 0, explanation: str = "by Jane Doe") -> Dataset:
    item = Dataset()
    item.LUTDescriptor, item.LUTExplanation = [len(entries) % 65536, first, bits], explanation
    item.LUTData = entries.astype("<u2").tobytes()
    item["LUTData"].VR, item["LUTDescriptor"].VR = "OW", "US"
    return item


def curve(count: int, bits: int, gamma: float) -> np.ndarray[Any, Any]:
    return np.round(np.linspace(0, 1, count) ** gamma * ((1 << bits) - 1))


@pytest.mark.parametrize("bits", range(8, 17))
@pytest.mark.parametrize("count", [256, 4096, 65536])
def test_every_look_up_table_of_grey_values_stays(bits: int, count: int) -> None:
    for gamma in (0.4, 1.0, 2.2):
        entries = curve(count, bits, gamma)
        clean = cleaned(make(sop_class=DX, VOILUTSequence=[table(entries, bits), table(entries[::-1], bits)]))
        assert len(clean.VOILUTSequence) == 2
        assert clean.VOILUTSequence[0].LUTData == entries.astype("<u2").tobytes()
        assert "LUTExplanation" not in clean.VOILUTSequence[0]


@pytest.mark.parametrize("bits", [12, 14, 16])
def test_a_modality_table_stays(bits: int) -> None:
    item = table(curve(4096, bits, 1.4), bits)
    item.ModalityLUTType = "US"
    clean = cleaned(make(ModalityLUTSequence=[item]))
    assert clean.ModalityLUTSequence[0].LUTData == item.LUTData
    assert clean.ModalityLUTSequence[0].ModalityLUTType == "US"


def test_a_table_that_holds_text_goes_and_a_modality_table_quarantines() -> None:
    entries = curve(4096, 16, 1.0).astype("<u2")
    entries[2000:2010] = np.frombuffer(b"JANE DOE, SMITHSON  ", "<u2")
    clean = cleaned(make(sop_class=DX, VOILUTSequence=[table(entries, 16)]))
    assert "VOILUTSequence" not in clean
    item = table(entries, 16)
    item.ModalityLUTType = "US"
    with pytest.raises(RefusedError) as refused:
        cleaned(make(ModalityLUTSequence=[item]))
    assert (refused.value.code, refused.value.severity) == ("Q093", "quarantine")


def test_a_name_that_rises_like_a_table_is_found_in_it() -> None:
    rising = b"taredfogsh"
    words = np.frombuffer(rising, "<u2")
    ramp = curve(256, 16, 1.0)
    entries = np.concatenate([ramp[ramp < words[0]], words, ramp[ramp > words[-1]]]).astype("<u2")
    assert rising in entries.tobytes()
    with pytest.raises(RefusedError) as refused:
        cleaned(make(sop_class=DX, PatientName=rising.decode(), VOILUTSequence=[table(entries, 16)]))
    assert refused.value.code == "Q092"


def test_bytes_behind_a_table_and_a_wrong_depth_are_put_right() -> None:
    item = table(curve(256, 8, 1.0), 16)
    item.LUTData = curve(256, 8, 1.0).astype(np.uint8).tobytes()
    deeper = table(curve(4096, 14, 1.0), 12)
    deeper.LUTData += b"SMITHSONIAN "
    clean = cleaned(make(sop_class=DX, VOILUTSequence=[item, deeper]))
    assert clean.VOILUTSequence[0].LUTData == curve(256, 8, 1.0).astype("<u2").tobytes()
    assert clean.VOILUTSequence[1].LUTDescriptor == [4096, 0, 14]
    assert len(clean.VOILUTSequence[1].LUTData) == 8192


def test_a_real_table_shows_what_it_showed(shared_data: Path) -> None:
    source = (shared_data / "dicom_cxr" / "adult_pa_jpeg_lossless.dcm").read_bytes()
    made = deidentify(source, KEY, SOMEBODY)
    assert made.share < 0.03, "the steps of its collimator's edge may be taken for writing"
    before, after = open_container(source), open_container(made.data)
    assert shown_range(before, signed=False) == shown_range(after, signed=False)


def test_words_of_a_phantom_of_text_are_searched_for_whatever_their_number() -> None:
    """20,000 words of private text neither switch the search off nor refuse a sound file."""
    many = " ".join(f"word{number:06d}x" for number in range(20_000))
    made = make(smooth(bits=8).astype(np.uint8), bits=8)
    block = made.private_block(0x0029, "ACME", create=True)
    block.add_new(1, "UT", many)
    assert cleaned(made).PatientID == KEY.subject("MRN-77120")
    pixels = hiding(b"JANEDOESMITHSON")
    hidden = make(pixels, bits=8)
    hidden.private_block(0x0029, "ACME", create=True).add_new(1, "UT", f"{many} Janedoesmithson")
    with pytest.raises(RefusedError) as refused:
        cleaned(hidden)
    assert refused.value.code == "Q092"


def test_more_text_than_can_be_searched_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xray_platform.dicom.deidentify.identifiers.MOST_BYTES", 10_000)
    made = make()
    made.private_block(0x0029, "ACME", create=True).add_new(1, "UT", "some text " * 1_001)
    with pytest.raises(RefusedError) as refused:
        cleaned(made)
    assert (refused.value.code, refused.value.severity) == ("Q092", "quarantine")
    assert "10000 bytes" in str(refused.value)


def test_a_sequence_of_codes_is_short_and_says_nothing_twice() -> None:
    items = [coded("113040", "DCM", "x") for _ in range(20)]
    assert len(cleaned(make(DerivationCodeSequence=Sequence(items))).DerivationCodeSequence) == 1
    known = [coded(code, "DCM", "x") for code in ("113040", "113042", "113046", "113047", "113048", "113049", "113051",
                                                  "113053", "113062", "113072")]  # fmt: skip
    assert len(cleaned(make(DerivationCodeSequence=Sequence(known))).DerivationCodeSequence) == 8


def test_pixels_are_the_same_after_two_passes() -> None:
    once = deidentify(encoded(make()), KEY).data
    twice = deidentify(once, KEY).data
    assert np.array_equal(stored_values(open_container(twice)), smooth())
