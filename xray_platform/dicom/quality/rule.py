"""Rule: what a quality rule is: a stable code, what it asks for, what it notices in words, and how it looks."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

Severity = Literal["pass", "warn", "quarantine", "reject"]
Decision = Literal["accept", "quarantine", "reject"]
GRAVITY: dict[Severity, int] = {"pass": 0, "warn": 1, "quarantine": 2, "reject": 3}
NOTHING_FOUND = "Q000"

Looked = TypeVar("Looked")
Settings_ = TypeVar("Settings_")


@dataclass(frozen=True)
class QualityFinding:
    """What a rule found in a file. `evidence` says what was found and what is allowed, without any identity."""

    rule: str
    severity: Severity
    evidence: str


@dataclass(frozen=True)
class Remark:
    """What a rule's look yields: evidence, and a severity where this case is milder than the rule at its gravest."""

    evidence: str
    severity: Severity | None = None


@dataclass(frozen=True)
class Rule(Generic[Looked, Settings_]):
    """One rule. `severity` is the gravest that it asks for, `notices` says in words what it notices."""

    code: str
    severity: Severity
    notices: str
    look: Callable[[Looked, Settings_], Iterable[Remark]]

    def findings(self, looked_at: Looked, settings: Settings_) -> Iterator[QualityFinding]:
        """Yield what this rule finds."""
        for remark in self.look(looked_at, settings):
            yield QualityFinding(self.code, remark.severity or self.severity, remark.evidence)


def decide(severities: Iterable[Severity]) -> Decision:
    """Return what is to be done with a file: the gravest of its findings decides, warnings accept."""
    gravest = max(severities, key=GRAVITY.__getitem__, default="pass")
    return "accept" if gravest in {"pass", "warn"} else gravest  # type: ignore[return-value]  # the other two


def merge(findings: Iterable[QualityFinding]) -> tuple[QualityFinding, ...]:
    """Return one finding a rule, in the order of the codes: the gravest severity, all evidence."""
    merged: dict[str, QualityFinding] = {}
    for finding in findings:
        before = merged.get(finding.rule)
        if before is None:
            merged[finding.rule] = finding
        elif finding.evidence not in before.evidence:
            severity = max(before.severity, finding.severity, key=GRAVITY.__getitem__)
            merged[finding.rule] = QualityFinding(finding.rule, severity, f"{before.evidence}; {finding.evidence}")
    return tuple(merged[code] for code in sorted(merged))
