"""Anatomy rules: a picture that shows another thing or position than its attributes say is told."""

import pytest

from xray_platform.dicom.quality.anatomy_rules import ANATOMY_RULES
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.dicom.quality.specimen import decoded, open_specimen
from xray_platform_tests.dicom.quality.cases import ANATOMY_CASES, Case, file


@pytest.mark.parametrize("case", ANATOMY_CASES, ids=str)
def test_each_rule_says_what_is_wrong_and_how_grave_it_is(case: Case) -> None:
    finding = case.finding()
    assert finding.severity == case.severity
    assert case.words in finding.evidence


def test_a_chest_as_it_should_be_is_no_news() -> None:
    specimen = decoded(open_specimen(file(), QualitySettings()))
    assert [finding for rule in ANATOMY_RULES for finding in rule.findings(specimen, QualitySettings())] == []
