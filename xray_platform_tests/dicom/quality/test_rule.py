"""A rule: it says what it finds with its own severity or a milder one, and the most severe finding decides."""

from collections.abc import Iterator

import pytest

from xray_platform.dicom.quality.rule import FileRule, Observation, QualityFinding, merge
from xray_platform.tables.severity import Severity, decide


def odd(number: int, allowed: int) -> Iterator[Observation]:
    if number % 2:
        yield Observation(f"{number} is odd", None if number > allowed else "warn")


RULE: FileRule[int, int] = FileRule("Q003", odd)


def test_a_rule_gives_its_severity_to_what_it_finds_unless_the_case_is_milder() -> None:
    assert list(RULE.findings(4, 10)) == []
    assert list(RULE.findings(11, 10)) == [QualityFinding("Q003", "reject", "11 is odd")]
    assert list(RULE.findings(9, 10)) == [QualityFinding("Q003", "warn", "9 is odd")]


@pytest.mark.parametrize(
    ("severities", "decision"),
    [
        ((), "accept"),
        (("pass",), "accept"),
        (("warn", "warn"), "accept"),
        (("warn", "quarantine"), "quarantine"),
        (("reject", "quarantine", "warn"), "reject"),
    ],
)
def test_the_most_severe_decides_and_warnings_accept(severities: tuple[Severity, ...], decision: str) -> None:
    assert decide(severities) == decision


def test_merged_findings_stand_in_order_with_all_evidence_once_and_the_highest_severity() -> None:
    found = (
        QualityFinding("Q002", "warn", "b"),
        QualityFinding("Q001", "quarantine", "a"),
        QualityFinding("Q002", "reject", "c"),
        QualityFinding("Q002", "warn", "b"),
    )
    assert merge(found) == (QualityFinding("Q001", "quarantine", "a"), QualityFinding("Q002", "reject", "b; c"))
