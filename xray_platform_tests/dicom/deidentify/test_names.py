"""Names that are made of words which may stay: they do not come through in free text, and refuse nothing."""

import itertools
from io import BytesIO
from typing import Any

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_platform.dicom.deidentify.engine import deidentify
from xray_platform.dicom.deidentify.phrases import grammars, phrase_words, said_in
from xray_platform_tests.dicom.deidentify.making import KEY, encoded, make

DESCRIBED = ("StudyDescription", "SeriesDescription", "ProtocolName", "PerformedProcedureStepDescription",
             "AcquisitionDeviceProcessingDescription", "BodyPartExamined", "PlateType", "OrganExposed")  # fmt: skip
DESCRIPTION = grammars()["description"]


def cleaned(**attributes: Any) -> pydicom.FileDataset:
    return pydicom.dcmread(BytesIO(deidentify(encoded(make(**attributes)), KEY).data))


def texts(made: pydicom.FileDataset) -> list[str]:
    return [str(made[keyword].value) for keyword in DESCRIBED if keyword in made and made[keyword].value]


@pytest.mark.parametrize("name", [
    "Port^Chest", "Chest^Left", "Lung^Rib", "Standard^Grid", "Hip^Lateral", "Test^Phantom", "Right^Heart", "Ap^Pa",
    "Digital^Model", "Hand^Foot",
])  # fmt: skip
def test_a_name_of_known_words_stands_in_no_description(name: str) -> None:
    spoken = name.replace("^", " ")
    described = dict.fromkeys(DESCRIBED, spoken)
    made = cleaned(PatientName=name, **described)
    assert texts(made) == []
    backwards = dict.fromkeys(DESCRIBED, " ".join(reversed(spoken.split())))
    assert texts(cleaned(PatientName=name, **backwards)) == []


@pytest.mark.parametrize(("holder", "value"), [
    ("PatientID", "CHEST-PORT"), ("OtherPatientNames", "Lung^Port"), ("PatientBirthName", "Chest"),
    ("AccessionNumber", "PORT 17"), ("OperatorsName", "Supine^Chest"), ("PatientMotherBirthName", "Rib^Portable"),
])  # fmt: skip
def test_a_word_that_somebody_or_a_record_is_called_by_keeps_its_description_out(holder: str, value: str) -> None:
    made = cleaned(**{holder: value}, StudyDescription="CHEST LUNG RIB PORT SUPINE")
    assert "StudyDescription" not in made


def test_a_title_of_a_physician_is_no_name() -> None:
    assert (
        cleaned(ReferringPhysicianName="House^Gregory^^Dr", StudyDescription="DR CHEST").StudyDescription == "DR CHEST"
    )


def test_chains_of_words_without_a_body_part_or_view_say_nothing() -> None:
    words = sorted(phrase_words() - {term for part in DESCRIPTION.spellings.values() for term in [part[1]]
                                     if part[0] in DESCRIPTION.anchors})  # fmt: skip
    pairs = itertools.islice(itertools.permutations(words, 2), 0, None, 7)
    said = {said_in(" ".join(pair), DESCRIPTION, frozenset()) for pair in pairs}
    whole = {term for part, term in DESCRIPTION.spellings.values() if part in DESCRIPTION.anchors}
    assert said <= whole | {None}


@settings(max_examples=40)
@given(st.lists(st.sampled_from(sorted(phrase_words())), min_size=1, max_size=12))
def test_a_description_has_one_order_and_each_part_once(words: list[str]) -> None:
    said = said_in(" ".join(words), DESCRIPTION, frozenset())
    shuffled = said_in(" ".join(sorted(words * 2)), DESCRIPTION, frozenset())
    if said is not None:
        assert said_in(said, DESCRIPTION, frozenset()) == said, "said once more, it is the same"
        assert len(said.split()) <= 20
        assert shuffled is not None


@pytest.mark.parametrize(("text", "said"), [
    ("XR CHEST PA", "XR CHEST PA"), ("Thorax p.a.", "THORAX PA"), ("CHEST 1 VIEW", "CHEST 1 VIEW"),
    ("XR CHEST PORTABLE AP", "XR CHEST AP PORTABLE"), ("Thorax a.p. liegend", "THORAX AP"), ("PA CHEST", "CHEST PA"),
    ("Chest X-Ray, 2 views (PA & lat)", "XR CHEST 2 VIEWS PA LATERAL"), ("chest port", "CHEST PORTABLE"),
    ("Dr. Ward's chest", "DR CHEST"), ("No Finding", "NO FINDING"), ("Smith Ward Low Post", None), ("GRID", None),
    ("CHEST CHEST CHEST CHEST", "CHEST"), ("semi-erect AP", "AP SEMI ERECT"), ("", None),
])  # fmt: skip
def test_what_a_description_says_is_said_anew(text: str, said: str | None) -> None:
    assert said_in(text, DESCRIPTION, frozenset()) == said


@pytest.mark.parametrize(("text", "said"), [
    ("CHEST", "CHEST"), ("CHEST OF DOE", "CHEST"), ("DOE", ""), ("Lungs", "LUNG"), ("HEAD HAND FOOT", "HEAD"),
])  # fmt: skip
def test_a_body_part_is_one_body_part(text: str, said: str) -> None:
    assert cleaned(BodyPartExamined=text).BodyPartExamined == said


def test_further_kinds_of_image_are_few_and_no_names() -> None:
    kinds = ["ORIGINAL", "PRIMARY", "CHEST", "PORT", "LATERAL", "AP", "PA"]
    assert list(cleaned(ImageType=kinds).ImageType) == ["ORIGINAL", "PRIMARY", "CHEST"]
    assert list(cleaned(ImageType=kinds, PatientName="Chest^Al").ImageType) == ["ORIGINAL", "PRIMARY"]


@pytest.mark.parametrize("size", ["35CMX43CM", "14INX17IN", "35CM X 43CM"])
def test_a_cassette_has_one_of_the_known_sizes(size: str) -> None:
    assert cleaned(CassetteSize=size).CassetteSize == size
    assert "CassetteSize" not in cleaned(CassetteSize="48CMX21CM")
