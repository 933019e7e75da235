"""Flaws: what may be wrong with the structure of a file, as the parser notices it; rules say how severe it is."""

from enum import Enum
from typing import NamedTuple


class FlawKind(Enum):
    """What is wrong with a DICOM, JPEG or PNG file, whatever follows from it."""

    NO_PART10_HEADER = "a dataset that can be read, without the header that PS3.10 asks for"
    UNREADABLE = "bytes that cannot be understood, or that end in the middle of an element"
    TRUNCATED = "a stated length that is longer than what is left, or a stream without its end"
    TRAILING_BYTES = "bytes after the end"
    UNKNOWN_SYNTAX = "a transfer syntax that is missing or unknown"
    CONTRADICTED_SYNTAX = "a transfer syntax that is not how the dataset is written"
    INFLATES_TOO_LARGE = "a deflated dataset that is longer than allowed"
    TOO_COMPLEX = "more elements, levels or fragments than allowed"
    PROGRAM_IN_PREAMBLE = "a preamble that begins like a program"
    BYTES_IN_PREAMBLE = "a preamble that is not empty"


class Flaw(NamedTuple):
    """One flaw: its kind, and evidence in words that hold no value of any attribute."""

    kind: FlawKind
    evidence: str
