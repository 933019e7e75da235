"""Anatomy rules: a picture that shows another thing or position than its attributes say is told."""

from xray_platform.dicom.quality.anatomy_rules import ANATOMY_RULES
from xray_platform.dicom.quality.inspected_file import decode_file, inspect_file
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform_tests.dicom.quality.cases import file


def test_a_chest_as_it_should_be_is_no_news() -> None:
    inspected = decode_file(inspect_file(file(), QualitySettings()))
    assert [finding for rule in ANATOMY_RULES for finding in rule.findings(inspected, QualitySettings())] == []
