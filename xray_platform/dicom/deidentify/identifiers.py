"""Identifiers: everything in a source file that could tell who it is of, as tokens to look for in what is written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from xray_platform.dicom.deidentify.digits import KnownDigits
from xray_platform.dicom.deidentify.every_value import MOST_OF_BULK, Value, every_value
from xray_platform.dicom.deidentify.policy import TOP, Policy
from xray_platform.dicom.deidentify.refused import RefusedError
from xray_platform.dicom.deidentify.vocabulary import is_known
from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.parse.dates import read_date
from xray_platform.dicom.rules import IDENTITY_LEFT

_CHANGED = frozenset(("uid", "date", "datetime", "subject", "study", "accession", "device", "clear", "text", "vendor"))
_NUMERIC = frozenset(("DS", "IS", "US", "SS", "UL", "SL", "FL", "FD", "AT", "TM", "AS", "UV", "SV"))
_BULK = frozenset(("OW", "OF", "OD", "OL", "OV"))
_DATED = frozenset(("DA", "DT"))
_SHORT_TEXT = frozenset(("LO", "SH", "PN", "UN", ""))
_PATIENT_GROUP = 0x0010
# Accession number, study, admission and episode ID, serial numbers and IDs of devices, plates and detectors, IDs of
# procedure steps and requested procedures, order numbers of both sides.
_NUMBERED = frozenset(
    (
        *(0x00080050, 0x00200010, 0x00380010, 0x00380060, 0x00181000, 0x00181004, 0x00181007, 0x00181008, 0x0018700A),
        *(0x00400009, 0x00400253, 0x00401001, 0x00402016, 0x00402017),
    )
)
# Patient ID, other patient IDs, accession number, study ID: what a person may be called by besides the name.
_CALLED = frozenset((tags.PATIENT_ID, 0x00101000, 0x00080050, 0x00200010))
_WORD = re.compile(rb"[0-9A-Za-z\x80-\xff]{4,}")
_NAME = re.compile(rb"[0-9A-Za-z\x80-\xff]{2,}")
_PHRASE = re.compile(rb"[\x20-\x5b\x5d-\x7e\x80-\xff]{8,}")
_DECIMAL = re.compile(rb"[-+0-9e]*\.?[-+0-9e]*")
_NAME_PARTS = 3  # family, given and middle name; prefix and suffix (Dr., MD) name nobody
MOST_BYTES = 1 << 23


@dataclass(frozen=True)
class Identifiers:
    """What a source file knows a person by.

    `names` are the words that people and their records are called by, in capitals; `digits` those of numbers and
    dates; `words` of 4 letters and more and `phrases` (whole values of 8 and more) are all others, in small letters.
    """

    names: frozenset[str]
    digits: KnownDigits
    words: frozenset[bytes]
    phrases: frozenset[bytes]


def identifiers_of(data: bytes, container: Container, policy: Policy) -> Identifiers:
    """Gather the tokens of every value of the file `data` that is not carried over as it is, at every depth.

    Raises RefusedError where there is more text than can be searched for: what is not looked for is not passed.
    """
    names: set[str] = set()
    digits = KnownDigits()
    words: set[bytes] = set()
    phrases: set[bytes] = set()
    total = 0
    for value in _values(data, container, policy):
        total += len(value.raw)
        if total > MOST_BYTES:
            raise RefusedError(
                IDENTITY_LEFT, "quarantine", f"more than {MOST_BYTES} bytes of text to search for are in it"
            )
        names.update(_names(value))
        _note_digits(value, digits)
        words.update(word.lower() for word in _WORD.findall(value.raw) if not word.isdigit())
        phrases.update(phrase.strip().lower() for phrase in _PHRASE.findall(value.raw))
    words = {word for word in words if not is_known(word)}
    phrases = {phrase for phrase in phrases if not _DECIMAL.fullmatch(phrase) and not is_known(phrase)}
    return Identifiers(frozenset(names), digits, frozenset(words), frozenset(phrases))


def _values(data: bytes, container: Container, policy: Policy) -> Iterator[Value]:
    """Yield each value that is removed or changed, with those of the file meta information and the preamble."""
    rows = policy.places[TOP]
    for value in every_value(container):
        row = None if value.nested else rows.get(value.tag)
        if value.vr not in _NUMERIC | _BULK and (row is None or row.rule in _CHANGED):
            yield value
    for tag, raw in container.meta.items():
        if tag != tags.TRANSFER_SYNTAX_UID:
            yield Value(tag, "", raw[:MOST_OF_BULK], False)
    yield Value(0, "", data[:128] if container.part10 else b"", False)


def _names(value: Value) -> Iterator[str]:
    if value.vr == "PN":
        for group in value.raw.replace(b"\\", b"=").split(b"="):
            for part in group.split(b"^")[:_NAME_PARTS]:
                yield from (word.decode("latin-1").upper() for word in _NAME.findall(part))
    elif value.tag in _CALLED:
        yield from (word.decode("latin-1").upper() for word in _NAME.findall(value.raw))


def _note_digits(value: Value, digits: KnownDigits) -> None:
    if value.vr in _DATED:
        for text in value.raw.decode("latin-1").split("\\"):
            day = read_date(text.strip(" \0")[:8])
            if day is not None:
                digits.note_date(day)
    naming = value.vr in _SHORT_TEXT | _DATED and (value.tag >> 16 == _PATIENT_GROUP or value.tag in _NUMBERED)
    digits.note(value.raw, naming=naming or value.vr == "PN")
