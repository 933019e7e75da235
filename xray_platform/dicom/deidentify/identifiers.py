"""Identifiers: everything in a source file that could tell who it is of, as tokens to look for in what is written."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydicom.datadict import dictionary_VR

from xray_platform.dicom import tags
from xray_platform.dicom.container import Container
from xray_platform.dicom.deidentify.policy import TOP, Policy, Row
from xray_platform.dicom.deidentify.vocabulary import known_words
from xray_platform.dicom.walk import UNDEFINED, Element

# Words of the product's own texts, which stand in every file that it writes.
OWN_WORDS = frozenset(
    (
        *("XRAY", "PLATFORM", "XRAYPLATFORM", "POLICY", "KEY", "BASIC", "APPLICATION", "CONFIDENTIALITY", "PROFILE"),
        *("CLEAN", "PIXEL", "DATA", "OPTION", "DESCRIPTORS", "RETAIN", "LONGITUDINAL", "TEMPORAL", "INFORMATION"),
        *("MODIFIED", "DATES", "PATIENT", "CHARACTERISTICS", "BURNED", "TEXT", "BORDER", "DETECTOR", "LINES"),
        *("MASKED", "NONE", "FOUND", "DICM", "ALLOW", "LIST", "IDENTIFIED"),
    )
)
_CHANGED = frozenset(("uid", "date", "datetime", "subject", "study", "accession", "device", "clear", "text", "vendor"))
_NUMERIC = frozenset(("DS", "IS", "US", "SS", "UL", "SL", "FL", "FD", "AT", "TM", "AS", "UV", "SV"))
_PERSONAL = frozenset(("PN", "DA", "DT"))
_PATIENT_GROUP = 0x0010
# Accession number, study ID, admission ID, service episode ID, order numbers of both sides.
_NUMBERED = frozenset((0x00080050, 0x00200010, 0x00380010, 0x00380060, 0x00402016, 0x00402017))
_BULK = frozenset(("OW", "OF", "OD", "OL", "OV"))
_WORD = re.compile(rb"[0-9A-Za-z\x80-\xff]{4,}")
_PHRASE = re.compile(rb"[\x20-\x5b\x5d-\x7e\x80-\xff]{6,}")
_PART, _DECIMAL = re.compile(rb"[0-9A-Z\x80-\xff]+"), re.compile(rb"[-+0-9e]*\.?[-+0-9e]*")
_LONGEST = 1 << 16
MOST_TOKENS = 20_000


@dataclass(frozen=True)
class Identifiers:
    """Tokens of a source file: `words` and `phrases` (whole values) in small letters, `numbers` of 6 digits and more.

    Numbers are taken from identifying attributes and dates alone: elsewhere they are settings of a machine, which
    stay, and turn up twice.
    """

    words: frozenset[bytes]
    numbers: frozenset[bytes]
    phrases: frozenset[bytes]


def identifiers_of(data: bytes, container: Container, policy: Policy) -> Identifiers:
    """Gather the tokens of every value of the file `data` that is not carried over as it is, at every depth."""
    words: set[bytes] = set()
    numbers: set[bytes] = set()
    phrases: set[bytes] = set()
    for value, identifying in _values(data, container, policy):
        found = _WORD.findall(value)
        if identifying:
            numbers.update(word for word in found if word.isdigit() and len(word) >= 6)
        words.update(word.lower() for word in found if not word.isdigit() and not _is_harmless(word))
        whole = (phrase.strip().lower() for phrase in _PHRASE.findall(value))
        phrases.update(phrase for phrase in whole if not _DECIMAL.fullmatch(phrase) and not _is_harmless(phrase))
        if len(words) + len(phrases) > MOST_TOKENS:
            break
    return Identifiers(frozenset(words), frozenset(numbers), frozenset(phrases))


def _is_harmless(token: bytes) -> bool:
    """Say whether a token is made of words that the product writes itself, or is a UID of the standard's own."""
    if token.startswith(b"1.2.840.10008."):
        return True
    parts = _PART.findall(token.upper())
    return not all(part.isdigit() for part in parts) and all(_is_known(part.decode("latin-1")) for part in parts)


def _is_known(word: str) -> bool:
    return len(word) < 3 or word in known_words() or word in OWN_WORDS


def _values(data: bytes, container: Container, policy: Policy) -> Iterator[tuple[bytes, bool]]:
    """Yield each value's bytes, at most so many, and whether the attribute identifies a person or is a date."""
    yield from _changed(container, policy.places[TOP])
    yield from ((value[:_LONGEST], False) for tag, value in container.meta.items() if tag != tags.TRANSFER_SYNTAX_UID)
    yield data[:128] if container.part10 else b"", False


def _changed(container: Container, rows: Mapping[int, Row]) -> Iterator[tuple[bytes, bool]]:
    ordered = list(container.elements.values())
    for element, after in zip(ordered, [*ordered[1:], None], strict=True):
        row = rows.get(element.tag)
        vr = _vr(element)
        if element.tag == tags.PIXEL_DATA or vr in _NUMERIC or vr in _BULK:
            continue
        if vr == "SQ" or element.length == UNDEFINED:
            yield _span(container, element, after), False
        elif row is None or row.rule in _CHANGED:
            value = container.data[element.offset : element.offset + min(element.length, _LONGEST)]
            yield value, vr in _PERSONAL or element.tag >> 16 == _PATIENT_GROUP or element.tag in _NUMBERED


def _span(container: Container, element: Element, after: Element | None) -> bytes:
    """Return the bytes of a sequence with all that is nested in it, up to the next attribute."""
    if element.length != UNDEFINED:
        return container.data[element.offset : element.offset + min(element.length, _LONGEST)]
    end = after.offset if after else len(container.data)
    return container.data[element.offset : min(end, element.offset + _LONGEST)]


def _vr(element: Element) -> str:
    if element.vr:
        return element.vr.decode("latin-1")
    try:
        return str(dictionary_VR(element.tag))
    except KeyError:
        return "UN"
