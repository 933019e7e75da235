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
        *("MASKED", "NONE", "FOUND", "DICM", "ALLOW", "LIST"),
    )
)
_CHANGED = frozenset(("uid", "date", "datetime", "subject", "study", "accession", "device", "clear", "text", "vendor"))
_NUMERIC = frozenset(("DS", "IS", "US", "SS", "UL", "SL", "FL", "FD", "AT", "TM", "AS", "UV", "SV"))
_BULK = frozenset(("OW", "OF", "OD", "OL", "OV"))
_WORD = re.compile(rb"[0-9A-Za-z\x80-\xff]{4,}")
_PHRASE = re.compile(rb"[\x20-\x5b\x5d-\x7e\x80-\xff]{6,}")
_LETTERS, _FOUR_DIGITS = re.compile(rb"[A-Z]+"), re.compile(rb"[0-9]{4}")
_LONGEST = 1 << 16
MOST_TOKENS = 20_000


@dataclass(frozen=True)
class Identifiers:
    """Tokens of a source file: `words` in small letters, `numbers` of 6 digits and more, `phrases` (whole values)."""

    words: frozenset[bytes]
    numbers: frozenset[bytes]
    phrases: frozenset[bytes]


def identifiers_of(data: bytes, container: Container, policy: Policy) -> Identifiers:
    """Gather the tokens of every value of the file `data` that is not carried over as it is, at every depth."""
    words: set[bytes] = set()
    numbers: set[bytes] = set()
    phrases: set[bytes] = set()
    for value in _values(data, container, policy):
        for phrase in _PHRASE.findall(value[:_LONGEST]):
            found = phrase.strip()
            if not _is_harmless(found) and len(found) >= 6:
                (numbers if found.isdigit() else phrases).add(found.lower())
        for word in _WORD.findall(value[:_LONGEST]):
            if word.isdigit():
                numbers |= {word} if len(word) >= 6 else set()
            elif not _is_harmless(word):
                words.add(word.lower())
        if len(words) + len(phrases) > MOST_TOKENS:
            break
    return Identifiers(frozenset(words), frozenset(numbers), frozenset(phrases))


def _is_harmless(token: bytes) -> bool:
    """Say whether a token is made of words that the product writes itself, or is a UID of the standard's own."""
    if token.startswith(b"1.2.840.10008."):
        return True
    parts = _LETTERS.findall(token.upper())
    return bool(parts) and not _FOUR_DIGITS.search(token) and all(_is_known(part.decode()) for part in parts)


def _is_known(word: str) -> bool:
    return len(word) < 3 or word in known_words() or word in OWN_WORDS


def _values(data: bytes, container: Container, policy: Policy) -> Iterator[bytes]:
    yield from _changed(container, container.elements, policy.places[TOP])
    yield from (value for tag, value in container.meta.items() if tag != tags.TRANSFER_SYNTAX_UID)
    yield data[:128] if container.part10 else b""


def _changed(container: Container, elements: Mapping[int, Element], rows: Mapping[int, Row]) -> Iterator[bytes]:
    ordered = list(elements.values())
    for element, after in zip(ordered, [*ordered[1:], None], strict=True):
        row = rows.get(element.tag)
        vr = _vr(element)
        if element.tag == tags.PIXEL_DATA or vr in _NUMERIC or vr in _BULK:
            continue
        if vr == "SQ" or element.length == UNDEFINED:
            yield _span(container, element, after)
        elif row is None or row.rule in _CHANGED:
            yield container.raw(element.tag, elements)


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
