"""Severity: what a quality rule asks for, from the mildest to the most severe, and what is done with a file then."""

from collections.abc import Iterable
from typing import Literal, get_args

Severity = Literal["pass", "warn", "quarantine", "reject"]
Decision = Literal["accept", "quarantine", "reject"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
DECISIONS: tuple[Decision, ...] = get_args(Decision)
HELD_BACK: tuple[Literal["quarantine", "reject"], ...] = ("quarantine", "reject")


def most_severe(severities: Iterable[Severity]) -> Severity:
    """Return the most severe of some severities, `pass` of none."""
    return max(severities, key=SEVERITIES.index, default="pass")


def decide(severities: Iterable[Severity]) -> Decision:
    """Return what is done with a file: its most severe finding decides, and a warning accepts."""
    worst = most_severe(severities)
    return worst if worst == "quarantine" or worst == "reject" else "accept"
