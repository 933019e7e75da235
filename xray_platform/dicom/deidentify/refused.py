"""Refused: a file that must not be published, and why, in words that hold no identity."""

from typing import Literal


class RefusedError(Exception):
    """A file is not published. `code` is its quality rule; the text says what was found and what is allowed."""

    def __init__(self, code: str, severity: Literal["quarantine", "reject"], evidence: str) -> None:
        super().__init__(evidence)
        self.code, self.severity, self.evidence = code, severity, evidence
