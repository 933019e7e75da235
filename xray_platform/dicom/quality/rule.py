"""Rule: how a quality rule observes a file, and how findings are made and put together."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from xray_platform.dicom.rules import RULES
from xray_platform.tables.severity import Severity, most_severe

Observed = TypeVar("Observed")
Settings_ = TypeVar("Settings_")


@dataclass(frozen=True)
class QualityFinding:
    """What a rule found in a file. `evidence` says what was found and what is allowed, without any identity."""

    rule: str
    severity: Severity
    evidence: str


def finding(code: str, evidence: str, severity: Severity | None = None) -> QualityFinding:
    """Return a finding of the rule `code`: as severe as the table of rules says, unless this case is milder."""
    return QualityFinding(code, severity or RULES[code].severity, evidence)


@dataclass(frozen=True)
class Observation:
    """What a rule observes: evidence, and a severity where this case is milder than the table of rules says."""

    evidence: str
    severity: Severity | None = None


@dataclass(frozen=True)
class FileRule(Generic[Observed, Settings_]):
    """A rule on one file: its code in the table of rules, and the function that observes."""

    code: str
    observe: Callable[[Observed, Settings_], Iterable[Observation]]

    def findings(self, observed: Observed, settings: Settings_) -> Iterator[QualityFinding]:
        """Yield what this rule finds."""
        for observation in self.observe(observed, settings):
            yield finding(self.code, observation.evidence, observation.severity)


def merge(findings: Iterable[QualityFinding]) -> tuple[QualityFinding, ...]:
    """Return one finding a rule, in the order of the codes: its highest severity, all evidence."""
    merged: dict[str, QualityFinding] = {}
    for found in findings:
        before = merged.get(found.rule)
        if before is None:
            merged[found.rule] = found
        elif found.evidence not in before.evidence:
            severity = most_severe((before.severity, found.severity))
            merged[found.rule] = QualityFinding(found.rule, severity, f"{before.evidence}; {found.evidence}")
    return tuple(merged[code] for code in sorted(merged))
