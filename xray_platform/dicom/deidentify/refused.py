"""Refused: a file that must not be published, and why, in words that hold no identity."""

from typing import Literal

NOBODY = "Q090"
TEXT = "Q091"
LEAK = "Q092"
STRUCTURE = "Q093"
REFUSALS = {
    NOBODY: ("quarantine", "nobody whose picture it is: no patient ID, or one that many share"),
    TEXT: ("quarantine", "burned-in text that cannot be painted over surely; that which was is warned of"),
    LEAK: ("reject", "a word or number of the source in what was to be published"),
    STRUCTURE: ("reject", "a file that cannot be read to its end or decoded for publishing"),
}
"""What each code of publishing asks for at worst, and notices."""


class RefusedError(Exception):
    """A file is not published. `code` is its quality rule; the text says what was found and what is allowed."""

    def __init__(self, code: str, severity: Literal["quarantine", "reject"], evidence: str) -> None:
        super().__init__(evidence)
        self.code, self.severity, self.evidence = code, severity, evidence
