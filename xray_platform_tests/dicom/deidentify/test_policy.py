"""The policy is data: every line of it is sound, and every rule says in words what it does."""

from pathlib import Path

import pytest
from pydicom.datadict import dictionary_keyword, dictionary_VR

from xray_platform.dicom.deidentify.explain import describe_rules
from xray_platform.dicom.deidentify.phrases import grammars, phrase_words
from xray_platform.dicom.deidentify.policy import TOP, PolicyRow, load_policy
from xray_platform.dicom.deidentify.settings import DeidentifySettings
from xray_platform.dicom.deidentify.values import VALUE_RULES
from xray_platform.dicom.deidentify.vocabulary import codes, vocabulary

ROWS = load_policy().rows
STRUCTURAL = {"items", "table"}
# Type 1 and 2 of the CR, DX and SC image IODs (PS3.3 A.2, A.8, A.26), without what is fixed or written anew.
NEEDED = """
    SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID StudyDate StudyTime StudyID AccessionNumber
    ReferringPhysicianName PatientName PatientID PatientBirthDate PatientSex Modality SeriesNumber InstanceNumber
    BodyPartExamined ViewPosition Manufacturer ImageType PatientOrientation ContentDate ContentTime Laterality
    SamplesPerPixel PhotometricInterpretation Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation
    PresentationIntentType PixelIntensityRelationship PixelIntensityRelationshipSign RescaleIntercept RescaleSlope
    RescaleType PresentationLUTShape LossyImageCompression ImageLaterality AnatomicRegionSequence DetectorType
    PositionerType ImagerPixelSpacing AcquisitionContextSequence ConversionType CollimatorShape ViewCodeSequence KVP
"""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.place}/{row.attribute}")
def test_every_line_is_sound(row: PolicyRow) -> None:
    assert row.rule in VALUE_RULES.keys() | STRUCTURAL
    assert dictionary_keyword(row.tag) == row.attribute
    assert dictionary_VR(row.tag) == row.vr
    assert row.tag >> 16 < 0x5000 or row.tag >> 16 == 0x7FE0
    assert row.tag >> 16 & 1 == 0, "no private attribute may stay"
    if row.rule in {"word", "words"}:
        assert vocabulary()[row.argument]
    if row.rule == "text":
        assert grammars()[row.argument].anchors
    if row.rule == "items":
        assert row.vr == "SQ"
        assert row.argument == "code" or load_policy().places[row.argument]
    if row.rule in {"number", "numbers"}:
        bounds, digits = row.argument.split(":")
        low, high = bounds.split("..")
        assert float(low) < float(high)
        assert 1 <= int(digits) <= 6


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.place}/{row.attribute}")
def test_a_fallback_fits_the_type(row: PolicyRow) -> None:
    if row.type == 2:
        assert row.otherwise == "empty"
    if row.otherwise.startswith("="):
        assert row.type == 1
        if row.rule in {"word", "words"} and row.argument != "image_type":
            assert row.otherwise[1:] in vocabulary()[row.argument]


@pytest.mark.parametrize("keyword", NEEDED.split())
def test_nothing_that_the_standard_wants_is_lost(keyword: str) -> None:
    row = next(row for row in ROWS if row.attribute == keyword and row.place == TOP)
    assert row.type in (1, 2)


def test_words_are_words_and_not_names_of_people() -> None:
    words = phrase_words()
    assert words == {word.upper() for word in words}
    assert not words & {"SMITH", "DOE", "MUELLER", "JOHN", "ANNA", "MAY", "APRIL", "GRACE", "WILL", "WARD", "RAY"}


def test_codes_have_meanings_that_fit() -> None:
    assert codes()["SCT", "51185008"] == "Chest"
    assert all(len(meaning) <= 64 and meaning.isascii() for meaning in codes().values())
    assert all(len(code) <= 16 and len(scheme) <= 16 for scheme, code in codes())


def test_every_rule_and_every_attribute_is_explained_once() -> None:
    said = describe_rules()
    assert len(said) == len(set(said))
    assert all(sentence.endswith(".") and "  " not in sentence for sentence in said)
    for row in ROWS:
        name = row.attribute if row.place == TOP else f"{row.attribute} (in {row.place} items)"
        assert sum(name in sentence.split(": ")[0].split(", ") for sentence in said) >= 1, name
    assert any("8%" in sentence for sentence in said)
    assert any("50%" in sentence for sentence in describe_rules(DeidentifySettings(most_masked=0.5)))


def test_the_policy_has_an_id_that_goes_with_its_text() -> None:
    assert len(load_policy().id) == 8
    assert load_policy() is load_policy()


def test_the_confidentiality_profile_lets_nothing_stay_that_it_removes(shared_data: Path) -> None:
    """What table E.1-1 names stays under a rule that replaces, moves or empties it, or is a retained characteristic."""
    lines = (shared_data / "ps3_15" / "table_e1_1.csv").read_text().splitlines()[1:]
    named = {int(line.split(",")[0] + line.split(",")[1], 16) for line in lines if "x" not in line[:9]}
    replaced = {"uid", "date", "datetime", "time", "subject", "study", "accession", "device", "clear", "text", "items"}
    characteristics = {"PatientSex", "PatientAge"}
    kept = {row.attribute for row in ROWS if row.tag in named and row.rule not in replaced}
    assert kept == characteristics
