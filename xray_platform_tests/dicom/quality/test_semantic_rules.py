"""Semantic rules: attributes that do not speak of a frontal chest radiograph of a person are told."""

from typing import Any

import pytest

from xray_platform.dicom.quality.examination import DEFAULT
from xray_platform.dicom.quality.inspected_file import InspectedFile, inspect_file
from xray_platform.dicom.quality.semantic_rules import SEMANTIC_RULES, age_in_years
from xray_platform_tests.dicom import made
from xray_platform_tests.dicom.quality.cases import file


def opened(**attributes: Any) -> InspectedFile:
    return inspect_file(file(made.chest(16, 16), **attributes), DEFAULT)


@pytest.mark.parametrize(
    "attributes",
    [
        {"Modality": "DX", "SOPClassUID": f"{made.CR}.1", "PresentationLUTShape": "IDENTITY"},
        {"BodyPartExamined": "THORAX"},
        {"BodyPartExamined": None, "StudyDescription": "Röntgen Thorax PA"},
        {"BodyPartExamined": "CHEST", "StudyDescription": "Chest and abdomen"},
        {"ViewPosition": "AP"},
        {"ViewPosition": None, "PatientPosition": "PA"},
        {"ViewPosition": None, "SeriesDescription": "CHEST PA AND LATERAL"},
        {"PatientOrientation": ["R", "F"]},
        {"PatientAge": "018Y"},
        {"PatientAge": ""},
        {"PixelSpacing": None, "ImagerPixelSpacing": [0.143, 0.143]},
        {"StudyDate": "2020.01.02", "PatientBirthDate": "2020.01.02"},
        {"StudyDate": "", "PatientBirthDate": "no date"},
        {"PhotometricInterpretation": "MONOCHROME2", "PresentationLUTShape": "IDENTITY"},
        {"BurnedInAnnotation": "NO"},
    ],
    ids=str,
)
def test_what_real_archives_hold_is_no_news(attributes: dict[str, Any]) -> None:
    found = [finding.rule for rule in SEMANTIC_RULES for finding in rule.findings(opened(**attributes), DEFAULT)]
    assert found == []


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("045Y", 45),
        ("006M", 0.5),
        ("26W", 0.498),
        ("730D", 1.999),
        ("45", 45),
        ("Y", None),
        ("-5Y", None),
        ("12345", None),
        ("²³Y", None),
        ("045Z", None),
    ],
)
def test_an_age_is_read_in_every_unit(text: str, years: float | None) -> None:
    container = opened(PatientAge=text).container
    assert container is not None
    assert age_in_years(container) == (years if years is None else pytest.approx(years, abs=1e-3))


def test_a_word_of_the_vocabulary_is_found_in_any_writing() -> None:
    (finding,) = [f for rule in SEMANTIC_RULES for f in rule.findings(opened(StudyDescription="K9 (canine)"), DEFAULT)]
    assert finding.evidence == "an animal: a description says CANINE"
