"""One file, from bytes to bytes: what stays, what is refused, and what is said about it."""

import struct
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from xray_platform.dicom.deidentify.engine import deidentify
from xray_platform.dicom.deidentify.person import GivenIdentity
from xray_platform.dicom.deidentify.refused import RefusedError
from xray_platform.dicom.deidentify.settings import DeidentifySettings
from xray_platform.dicom.parse.container import open_container
from xray_platform.dicom.pixels.stored_values import stored_values
from xray_platform_tests.dicom.deidentify.making import DX, KEY, OTHER_KEY, compressed, encoded, hiding, make, smooth

RLE = "1.2.840.10008.1.2.5"


def clean(made: Dataset, **options: Any) -> pydicom.FileDataset:
    return pydicom.dcmread(BytesIO(deidentify(encoded(made), KEY, **options).data))


def refusal(data: bytes, given: GivenIdentity = GivenIdentity()) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        deidentify(data, KEY, given)
    return refused.value


def test_a_patient_gets_one_pseudonym_in_all_files_and_batches() -> None:
    one, other = clean(make()), clean(make(StudyInstanceUID="1.2.3.4567.8", PatientName="Doe^Janet"))
    assert one.PatientID == one.PatientName == other.PatientID == KEY.subject("MRN-77120")
    assert one.StudyInstanceUID != other.StudyInstanceUID
    assert one.SeriesInstanceUID == other.SeriesInstanceUID == KEY.uid("1.2.3.4567.3")
    assert deidentify(encoded(make()), OTHER_KEY).person.subject != one.PatientID


def test_two_hospitals_may_use_one_id_for_two_people() -> None:
    here, there = (clean(make(IssuerOfPatientID=issuer)).PatientID for issuer in ("WEST", "EAST"))
    assert here != there


def test_the_marks_say_that_how_and_by_which_key() -> None:
    made = clean(make())
    assert (made.PatientIdentityRemoved, made.LongitudinalTemporalInformationModified) == ("YES", "MODIFIED")
    assert made.BurnedInAnnotation == "NO"
    said = list(made.DeidentificationMethod)
    assert f"key {KEY.id}" in said
    assert "burned-in text: text detector 4, none found" in said
    assert all(len(value) <= 64 for value in said)
    codes = [item.CodeValue for item in made.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113101", "113105", "113107", "113108"]


def test_dates_move_together_and_ages_stay() -> None:
    made = clean(make(PatientAge="054Y", SeriesDate="20150610"))
    assert made.StudyDate == made.ContentDate != "20150612"
    days = pydicom.valuerep.DA(made.StudyDate) - pydicom.valuerep.DA(made.SeriesDate)
    assert days.days == 2
    assert (made.StudyTime, made.ContentTime, made.PatientAge, made.PatientBirthDate) == (
        "100000",
        "100000",
        "054Y",
        "",
    )


@pytest.mark.parametrize(
    ("age", "birth", "kept"), [(None, "19610304", "054Y"), ("101Y", "", "090Y"), (None, "19100101", "090Y")]
)
def test_an_age_is_reckoned_where_missing_and_capped(age: str | None, birth: str, kept: str) -> None:
    made = make(PatientBirthDate=birth)
    if age:
        made.PatientAge = age
    assert clean(made).PatientAge == kept


def test_what_research_needs_stays() -> None:
    made = clean(
        make(sop_class=DX, KVP="117", ExposureIndex="319", WindowCenter=["100", "200"], WindowWidth=["50", "60"])
    )
    assert (made.KVP, made.ExposureIndex, made.PixelSpacing) == (117, 319, [0.2, 0.2])
    assert (made.WindowCenter, made.Manufacturer, made.ViewPosition) == ([100, 200], "FUJIFILM", "PA")
    assert (made.PatientOrientation, made.RescaleType, made.PatientSex) == (["L", "F"], "US", "F")
    assert np.array_equal(made.pixel_array, smooth())


@pytest.mark.parametrize("value", ["", "UNKNOWN", "0000", "ANONYMOUS"])
def test_without_a_patient_id_it_is_quarantined(value: str) -> None:
    refused = refusal(encoded(make(PatientID=value)))
    assert (refused.code, refused.severity) == ("Q090", "quarantine")
    named = deidentify(encoded(make(PatientID=value)), KEY, GivenIdentity(subject="n-0115"))
    assert named.person.subject == KEY.subject("n-0115")


def test_a_study_of_nobody_may_be_its_own_subject_where_one_says_so() -> None:
    says_so = DeidentifySettings(missing_patient_id="study")
    one, same, other = (
        deidentify(encoded(make(PatientID="", StudyInstanceUID=study)), KEY, settings=says_so).person
        for study in ("1.2.3.4567.2", "1.2.3.4567.2", "1.2.3.4567.6")
    )
    assert one == same
    assert one.subject != other.subject


@pytest.mark.parametrize("changed", [{"ConversionType": "DF"}, {"ConversionType": "SD"},
                                     {"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}], ids=range(3))  # fmt: skip
def test_scans_and_screens_are_quarantined(changed: dict[str, Any]) -> None:
    refused = refusal(encoded(make(**changed)))
    assert (refused.code, refused.severity) == ("Q091", "quarantine")


def test_stated_text_that_is_not_found_is_quarantined() -> None:
    refused = refusal(encoded(make(BurnedInAnnotation="YES")))
    assert (refused.code, refused.severity) == ("Q091", "quarantine")


def test_a_word_of_the_source_in_the_pixels_rejects() -> None:
    pixels = hiding(b"JANEDOESMITHSON")
    refused = refusal(encoded(make(pixels, bits=8, PatientName="Janedoesmithson")))
    assert (refused.code, refused.severity) == ("Q092", "reject")
    assert "smithson" not in str(refused).lower()


@pytest.mark.parametrize(
    "patient", ["MONOCHROME2", "20150612", "CHEST", "4711", "100", "1.2.3.4567.1", "PA", "0.2", "FUJIFILM"]
)
def test_an_id_that_reads_like_something_else_rejects_nothing(patient: str) -> None:
    assert deidentify(encoded(make(PatientID=patient, ExposureIndex="4711")), KEY).person.subject == KEY.subject(
        patient
    )


def test_unused_bits_and_signs_are_kept_apart() -> None:
    signed = (smooth().astype(np.int32) - 2048).astype(np.int16)
    made = clean(make(signed))
    assert np.array_equal(made.pixel_array, signed)
    high = make(smooth() << 4)
    high.HighBit = 15
    moved = clean(high)
    assert (moved.HighBit, moved.BitsStored) == (11, 12)
    assert np.array_equal(moved.pixel_array, smooth())


def test_rle_stays_rle_and_is_written_anew() -> None:
    made = make()
    made.file_meta = pydicom.dataset.FileMetaDataset()
    made.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    made.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
    written = deidentify(encoded(made, RLE), KEY)
    assert pydicom.dcmread(BytesIO(written.data)).file_meta.TransferSyntaxUID == RLE
    assert np.array_equal(stored_values(open_container(written.data)), smooth())


def test_a_decoder_that_panics_rejects_the_file_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        pass

    def panic(*_: object) -> bytes:
        raise PanicException

    monkeypatch.setattr("xray_platform.dicom.pixels.decode.decode_rle", panic)
    assert refusal(compressed(b"\x01" + b"\0" * 100, RLE)).severity == "reject"


def test_a_grey_picture_in_colours_becomes_a_grey_one() -> None:
    made = make(smooth(bits=8).astype(np.uint8), bits=8)
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PlanarConfiguration = 3, "RGB", 0
    made.PixelData = np.repeat(smooth(bits=8).astype(np.uint8)[..., None], 3, 2).tobytes()
    written = clean(made)
    assert (written.SamplesPerPixel, written.PhotometricInterpretation) == (1, "MONOCHROME2")
    assert "PlanarConfiguration" not in written
    assert np.array_equal(written.pixel_array, smooth(bits=8))


def test_jpeg_and_png_become_a_png_without_anything_else() -> None:
    pixels = smooth(bits=8).astype(np.uint8)
    source = bytes(imagecodecs.jpeg8_encode(pixels, level=95))
    source = source[:2] + b"\xff\xfe\x00\x0aJane Doe" + source[2:]
    made = deidentify(source, KEY, GivenIdentity(subject="p-1", study="s-1"))
    assert made.suffix == ".png"
    assert {chunk for chunk in (b"tEXt", b"eXIf", b"iTXt", b"zTXt", b"tIME") if chunk in made.data} == set()
    assert np.array_equal(imagecodecs.png_decode(made.data), imagecodecs.jpeg8_decode(source))
    assert made.facts.lossy
    assert made.person.subject == KEY.subject("p-1")


def test_sixteen_bit_pngs_keep_their_bits() -> None:
    source = bytes(imagecodecs.png_encode(smooth(bits=16)))
    made = deidentify(source, KEY)
    assert np.array_equal(imagecodecs.png_decode(made.data), smooth(bits=16))
    assert made.person.subject == deidentify(source, KEY).person.subject, "a picture of nobody is its own subject"


def test_a_file_that_lies_about_its_lengths_is_rejected() -> None:
    data = encoded(make())
    at = data.index(b"\x10\x00\x20\x00LO") + 6
    broken = data[:at] + struct.pack("<H", 60000) + data[at + 2 :]
    assert refusal(broken).severity == "reject"


@pytest.mark.parametrize("data", [b"", b"abc", b"\0" * 128 + b"DICM", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"])
def test_what_is_no_picture_is_rejected(data: bytes) -> None:
    assert refusal(data).severity in {"reject", "quarantine"}


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_lets_an_identity_through_or_into_a_message(data: st.DataObject) -> None:
    """Whatever bytes are changed, either nothing is written, or nothing of the person is in it."""
    source = bytearray(encoded(make(AdditionalPatientHistory="Smithsonian Jane")))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(128, min(len(source) - 1, 1400)))
        source[at] = data.draw(st.integers(0, 255))
    try:
        written = deidentify(bytes(source), KEY).data
    except RefusedError as refused:
        written = str(refused).encode()
    for token in (b"Doe^Jane", b"Smithsonian", b"House^Gregory", b"19610304", b"20150612", b"90210"):
        assert token not in written
