"""Numbers of the source that hide in numbers that stay: whatever their form, they do not pass."""

import struct
from io import BytesIO
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from xray_platform.dicom.deidentify.digits import KnownDigits, rounded
from xray_platform.dicom.deidentify.engine import deidentify
from xray_platform.dicom.deidentify.policy import load_policy
from xray_platform_tests.dicom.deidentify.making import DX, KEY, encoded, make, smooth

NUMERIC = tuple(row for row in load_policy().rows if row.rule in {"number", "numbers"} and row.vr in {"DS", "IS"})


def cleaned(**attributes: Any) -> pydicom.FileDataset:
    return pydicom.dcmread(BytesIO(deidentify(encoded(make(sop_class=DX, **attributes)), KEY).data))


def holds(made: pydicom.FileDataset, digits: str) -> list[str]:
    """The attributes whose numbers, their points and zeros left out, hold the digits."""
    found = []
    for element in made:
        if element.VR in {"DS", "IS", "US", "SS", "FD", "FL"}:
            values = element.value if isinstance(element.value, list | pydicom.multival.MultiValue) else [element.value]
            texts = ["".join(sign for sign in str(value) if sign.isdigit()) for value in values]
            found += [element.keyword] * any(digits in text for text in (*texts, "".join(texts)))
    return found


@pytest.mark.parametrize("form", [
    "48213977", "048213977", "0048213977", "48213977.0", "48213977.5", "4.8213977E7", "4821397.7", "0.48213977",
    "48213.977", "482139770", "-48213977", "+48213977", "48213977e-3", "148213977", "4821.3977",
])  # fmt: skip
def test_a_patient_number_stays_in_no_form_in_no_attribute(form: str) -> None:
    for start in range(0, len(NUMERIC), 40):
        planted: dict[str, Any] = {}
        for row in NUMERIC[start : start + 40]:
            whole = row.vr == "IS"
            text = form if not whole or form.lstrip("+-").isdigit() else "48213977"
            planted[row.attribute] = [text] * 2 if row.rule == "numbers" else text
        made = make(sop_class=DX, PatientID="MRN48213977")
        for keyword, value in planted.items():
            element = pydicom.DataElement(tag_for_keyword(keyword) or 0, "LO", value)  # no check of ours
            element.VR = "DS"
            made.add(element)
        clean = pydicom.dcmread(BytesIO(deidentify(encoded(made), KEY).data))
        assert holds(clean, "48213977") == []
        assert holds(clean, "4821") == [], "not even the first half"


@pytest.mark.parametrize(
    "where", ["PatientID", "AccessionNumber", "OtherPatientIDs", "StudyID", "AdmissionID", "StationName"]
)
def test_a_number_of_six_digits_or_more_is_known_wherever_it_stands(where: str) -> None:
    made = cleaned(**{where: "482139", "ExposureInuAs": "482139", "ExposureIndex": "4821.39", "WindowWidth": "48213.9"})
    assert holds(made, "4821") == []


def test_numbers_from_sequences_and_private_attributes_are_known() -> None:
    item, other = Dataset(), Dataset()
    item.PatientID, other.RequestedProcedureID = "482139", "71300"
    made = make(sop_class=DX, ExposureInuAs="482139", WindowWidth="71300", ExposureTime="9052")
    made.OtherPatientIDsSequence, made.RequestAttributesSequence = Sequence([item]), Sequence([other])
    block = made.private_block(0x0029, "ACME", create=True)
    block.add_new(1, "LO", "chart 905217")
    made.ExposureTimeInuS = "905217"
    clean = pydicom.dcmread(BytesIO(deidentify(encoded(made), KEY).data))
    assert "WindowWidth" not in clean
    assert holds(clean, "4821") == holds(clean, "9052173") == holds(clean, "905217") == []
    assert clean.ExposureTime == 9052, "four digits are no identifier of anybody"


@pytest.mark.parametrize("number", ["48213", "48213977", "1000", "-1"])
def test_the_numbers_of_series_and_image_are_small_or_go(number: str) -> None:
    made = cleaned(PatientID="77120", SeriesNumber=number, InstanceNumber=number, AcquisitionNumber=number)
    assert (made.SeriesNumber, made.InstanceNumber, made.AcquisitionNumber) == (None, None, None)
    assert cleaned(SeriesNumber="101", InstanceNumber="2").SeriesNumber == 101


@pytest.mark.parametrize("form", [
    "04031961", "03041961", "19610304", "19610403", "040361", "030461", "610304", "4031961", "4.031961", "196103.04",
])  # fmt: skip
def test_a_birth_date_in_whatever_order_is_no_number(form: str) -> None:
    made = cleaned(PatientBirthDate="19610304", ExposureTimeInuS=form, XRayTubeCurrentInuA=form, RescaleSlope=form[:10])
    digits = form.replace(".", "").strip("0")
    assert holds(made, digits[:4]) in ([], ["RescaleSlope"])
    assert holds(made, digits) == []


def test_a_number_that_is_strung_together_from_values_goes() -> None:
    made = cleaned(PatientID="MRN48213977", WindowCenter=["4821", "3977"], WindowWidth=["400", "500"])
    assert "WindowCenter" not in made
    assert made.WindowWidth == [400, 500]


def test_more_values_than_the_standard_allows_go() -> None:
    letters = [str(ord(sign)) for sign in "SMITHSON"]
    made = make(sop_class=DX, WindowCenter=[*letters, "1"], WindowWidth=[*letters, "1"])
    for keyword in ("PixelSpacing", "FocalSpots"):
        made.add(pydicom.DataElement(tag_for_keyword(keyword) or 0, "DS", ["0.8"] * 9))
    clean = pydicom.dcmread(BytesIO(deidentify(encoded(made), KEY).data))
    assert not {"WindowCenter", "WindowWidth", "PixelSpacing", "FocalSpots"} & {each.keyword for each in clean}


def test_binary_numbers_are_compared_as_well() -> None:
    made = make(
        sop_class=DX, PatientID="48213", ShutterPresentationValue=48213, PixelPaddingValue=48213, EntranceDose=7
    )
    clean = pydicom.dcmread(BytesIO(deidentify(encoded(made), KEY).data))
    assert "ShutterPresentationValue" not in clean
    assert "PixelPaddingValue" not in clean
    assert clean.EntranceDose == 7


def test_a_padding_value_stays_where_pixels_are_padding() -> None:
    pixels = smooth()
    pixels[:4] = 0
    assert cleaned(pixels=pixels, PixelPaddingValue=0).PixelPaddingValue == 0
    assert "PixelPaddingValue" not in cleaned(PixelPaddingValue=60123)
    both = cleaned(pixels=pixels, PixelPaddingValue=4095, PixelPaddingRangeLimit=4000)
    assert (both.PixelPaddingValue, both.PixelPaddingRangeLimit) == (4095, 4000)


def test_extreme_values_that_a_header_states_of_the_pixels_go() -> None:
    made = cleaned(SmallestImagePixelValue=48213, LargestImagePixelValue=48213)
    assert "SmallestImagePixelValue" not in made


@pytest.mark.parametrize(("keyword", "value"), [
    ("KVP", "117"), ("ExposureTime", "12"), ("XRayTubeCurrent", "320"), ("Exposure", "4"), ("ExposureInuAs", "3840"),
    ("ExposureIndex", "319"), ("DeviationIndex", "-1.3"), ("DistanceSourceToDetector", "1800"),
    ("ImageAndFluoroscopyAreaDoseProduct", "1.243"), ("PixelSpacing", ["0.13913", "0.13913"]),
    ("WindowCenter", ["2047.5", "100"]), ("RescaleSlope", "0.000244"), ("RescaleIntercept", "-1024"),
    ("DetectorTemperature", "24"), ("PositionerPrimaryAngle", "-12.5"), ("Sensitivity", "400"),
])  # fmt: skip
def test_what_physics_needs_stays(keyword: str, value: Any) -> None:
    assert cleaned(**{keyword: value})[keyword].value == make(**{keyword: value})[keyword].value


@pytest.mark.parametrize(("keyword", "value"), [
    ("KVP", "4821"), ("ExposureTime", "48213"), ("XRayTubeCurrent", "48213"), ("Exposure", "48213"),
    ("ExposureInuAs", "48213977"), ("PixelSpacing", ["48.213", "0.1"]), ("DistanceSourceToDetector", "48213"),
    ("DetectorTemperature", "148"), ("FieldOfViewRotation", "482"), ("RescaleSlope", "48213"),
])  # fmt: skip
def test_what_no_machine_can_do_goes(keyword: str, value: Any) -> None:
    made = cleaned(**{keyword: value})
    assert made.get(keyword) in (None, 1, ""), "nothing, or what stands for nothing"


@pytest.mark.parametrize(("form", "digits", "plain"), [
    ("+117.000", 4, "117"), ("1.17E2", 4, "117"), ("0.19431250", 5, "0.19431"), (".5", 3, "0.5"), ("-0", 3, "0"),
    ("1e-7", 6, "0.0000001"), ("123456", 4, "123500"), ("007", 3, "7"),
])  # fmt: skip
def test_a_number_has_one_form(form: str, digits: int, plain: str) -> None:
    assert rounded(form, digits) == plain
    assert rounded(plain, digits) == plain


@given(st.integers(10**5, 10**12), st.integers(-3, 4), st.integers(0, 99))
def test_zeros_points_and_fractions_hide_no_number(number: int, power: int, fraction: int) -> None:
    known = KnownDigits()
    known.note(b"MRN%d" % number, naming=True)
    text = str(number)
    forms = [text.zfill(len(text) + 2), f"{text}.{fraction}", f"{text}e{power}", f"{text[0]}.{text[1:]}", f"0.{text}"]
    assert all(known.tell([form]) for form in forms)
    assert known.tell([text[:2], text[2:]])


def test_a_rounded_binary_number_is_still_the_same_number() -> None:
    known = KnownDigits()
    known.note(b"48213977", naming=True)
    (single,) = struct.unpack("<f", struct.pack("<f", np.float32(48213977)))
    assert known.tell([str(int(single))])
