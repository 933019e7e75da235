"""Container rules: what is no whole file, or more than one, is told before anything else looks at it."""

import pytest

from xray_platform.dicom.examination import examine_bytes
from xray_platform_tests.dicom import made
from xray_platform_tests.dicom.quality.cases import CONTAINER_CASES, Case, chest, file


@pytest.mark.parametrize("case", CONTAINER_CASES, ids=str)
def test_each_rule_says_what_is_wrong_and_how_grave_it_is(case: Case) -> None:
    finding = case.finding()
    assert finding.severity == case.severity
    assert case.words in finding.evidence


def test_what_a_rejected_container_holds_besides_is_no_news() -> None:
    data = file(Modality="CT", ViewPosition="LL")
    codes = [finding.rule for finding in examine_bytes(data[:-8]).findings]
    assert codes == ["Q004"]


def test_a_file_in_another_media_class_is_known_by_its_meta_information() -> None:
    data = made.part10(made.dataset(chest(), SOPClassUID="1.2.840.10008.5.1.4.1.1.481.1"))
    assert "a radiotherapy object" in next(f.evidence for f in examine_bytes(data).findings if f.rule == "Q008")


def test_a_file_of_other_form_is_not_asked_dicom_questions() -> None:
    assert [finding.rule for finding in examine_bytes(b"text " * 50).findings] == ["Q002"]
