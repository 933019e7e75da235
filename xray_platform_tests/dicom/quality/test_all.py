"""All rules: each has a case that makes it speak, none speaks of a sound file, and none quotes an identity."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from xray_platform.dicom.quality.examination import examine_bytes
from xray_platform.dicom.rules import EXAMINATION_RULES, PUBLISHING_RULES, RULES
from xray_platform.tables.severity import most_severe
from xray_platform_tests.dicom import made
from xray_platform_tests.dicom.quality.cases import CASES, Case, file

IDENTITY = {
    "PatientName": "Mustermann^Erika", "PatientID": "ID-4711", "PatientBirthDate": "19610304",
    "AccessionNumber": "ACC-90210", "ReferringPhysicianName": "Mustermann^Hans", "InstitutionName": "Mustermann Klinik",
    "StudyDate": "20190517", "StudyInstanceUID": "1.2.3.4711.1", "SOPInstanceUID": "1.2.3.4711.2",
}  # fmt: skip
TOKENS = ("mustermann", "erika", "4711", "19610304", "90210", "20190517", "klinik")
WRONG: list[dict[str, Any]] = [
    {"Modality": "MUSTERMANN"}, {"SOPClassUID": "1.2.3.4711"}, {"BodyPartExamined": "ERIKA"}, {"ViewPosition": "ERIKA"},
    {"StudyDescription": "Lateral pelvis of Erika Mustermann", "BodyPartExamined": None, "ViewPosition": None},
    {"PatientOrientation": ["MUSTERMANN", "ERIKA"]}, {"ImageLaterality": "ERIKA"}, {"PatientAge": "4711"},
    {"PhotometricInterpretation": "MUSTERMANN"}, {"PresentationLUTShape": "ERIKA"}, {"PatientBirthDate": "20200517"},
    {"LossyImageCompression": "01", "LossyImageCompressionRatio": None}, {"NumberOfFrames": 4},
    {"PresentationIntentType": "ERIKA"}, {"PixelData": None}, {"Rows": 9000}, {"HighBit": 3},
    {"BurnedInAnnotation": "YES"}, {"Rows": 100, "Columns": 100},
]  # fmt: skip


def small(**attributes: Any) -> bytes:
    """A file of which there is always something to say: it is small."""
    return file(made.chest(200, 200), **attributes)


def test_every_listed_rule_has_a_case() -> None:
    assert {rule.code for rule in EXAMINATION_RULES} == {case.code for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_rule_says_what_is_wrong_and_how_severe_it_is(case: Case) -> None:
    finding = case.finding()
    assert finding.severity == case.severity
    assert case.words in finding.evidence


def test_the_highest_severity_of_a_rule_has_a_case_and_nothing_exceeds_it() -> None:
    for rule in EXAMINATION_RULES:
        assert most_severe(case.severity for case in CASES if case.code == rule.code) == rule.severity, rule


def test_codes_are_listed_once_in_order_and_say_what_they_notice() -> None:
    codes = list(RULES)
    assert codes == sorted(codes)
    assert codes == [rule.code for rule in (*EXAMINATION_RULES, *PUBLISHING_RULES)], "none twice"
    assert all(re.fullmatch(r"Q\d{3}", rule.code) and rule.notices for rule in RULES.values())


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"])
def test_no_rule_speaks_of_a_sound_file(syntax: str) -> None:
    examination = examine_bytes(file(syntax=syntax))
    assert (examination.decision, examination.findings) == ("accept", ())


def test_a_small_sound_file_is_accepted_with_a_warning() -> None:
    examination = examine_bytes(made.file())
    assert examination.decision == "accept"
    assert [finding.severity for finding in examination.findings] == ["warn"]


@pytest.mark.parametrize("wrong", WRONG, ids="-".join)
def test_no_evidence_holds_an_identity(wrong: dict[str, Any]) -> None:
    said = " ".join(finding.evidence for finding in examine_bytes(small(**(IDENTITY | wrong))).findings).lower()
    assert said
    assert [token for token in TOKENS if token in said] == []


@pytest.mark.parametrize("damage", [
    lambda data: data[:-1000], lambda data: data + b"Mustermann^Erika", lambda data: data[132:],
    lambda data: data.replace(b"CS\x02\0CR", b"??\x02\0CR"), lambda data: data.replace(b"PN", b"XX"),
    lambda data: b"Mustermann^Erika".ljust(128) + data[128:],
], ids=["cut", "trailer", "no-header", "unknown-kind", "unknown-name", "preamble"])  # fmt: skip
def test_no_evidence_of_damage_holds_an_identity(damage: Callable[[bytes], bytes]) -> None:
    findings = examine_bytes(damage(small(**IDENTITY))).findings
    said = " ".join(finding.evidence for finding in findings).lower()
    assert said
    assert [token for token in TOKENS if token in said] == []
