"""Search: look through what was written for anything that the source knew a person by."""

import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

from xray_platform.dicom.deidentify.encode import Written
from xray_platform.dicom.deidentify.identifiers import OWN_WORDS, Identifiers
from xray_platform.dicom.deidentify.refused import LEAK, RefusedError
from xray_platform.dicom.deidentify.vocabulary import known_words

_TEXTUAL = frozenset(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"))
_WORD = re.compile(rb"[0-9A-Za-z\x80-\xff]{4,}")
_RUN = re.compile(rb"[\x20-\x7e]{8,}")
SAFE_BITS = 13
SHORTEST_IN_PIXELS = 8


def refuse_leaks(
    head: bytes, written: Iterable[Written], pixels: bytes, bits: int, identifiers: Identifiers, generated: bytes
) -> None:
    """Raise RefusedError where a token of the source stands in the bytes of the output.

    `head` is everything before the pixels, `generated` the pseudonyms and moved dates, among whose digits a number may
    turn up by chance. Words are compared as words in textual values, and as bytes everywhere if they are long enough
    not to turn up by chance. `bits` is how many bits of each 16-bit pixel word can be set, 0 for a compressed stream.
    """
    _refuse("a word", identifiers.words & _words_of(written))
    lower = head.lower()
    long = {word for word in identifiers.words | identifiers.phrases if len(word) >= 6}
    _refuse("a word or value", {token for token in long if token in lower and token not in _known_text()})
    _refuse("a number", {number for number in identifiers.numbers if _stands_alone(number, head, generated)})
    everywhere = identifiers.words | identifiers.phrases | identifiers.numbers
    _refuse("a value in the pixels", _in_pixels(pixels, bits, everywhere))


@cache
def _known_text() -> bytes:
    """All that the product itself writes in words: a token that is part of one of them says nothing."""
    return " ".join((*known_words(), *OWN_WORDS)).lower().encode()


def _refuse(what: str, found: Iterable[bytes]) -> None:
    count = sum(1 for _ in found)
    if count:
        raise RefusedError(
            LEAK, "reject", f"{what} of the source stands in what was written ({count} found, 0 allowed)"
        )


def _words_of(written: Iterable[Written]) -> set[bytes]:
    found: set[bytes] = set()
    for element in written:
        if not isinstance(element.value, bytes):
            for item in element.value:
                found |= _words_of(item)
        elif element.vr in _TEXTUAL:
            found.update(word.lower() for word in _WORD.findall(element.value))
    return found


def _stands_alone(number: bytes, head: bytes, generated: bytes) -> bool:
    """Say whether a number stands in the header by itself, not as a part of a longer one or of a decimal."""
    if number not in head or number in generated:
        return False
    return re.search(rb"(?<![0-9.])" + number + rb"(?![0-9.])", head) is not None


def _in_pixels(pixels: bytes, bits: int, tokens: Iterable[bytes]) -> set[bytes]:
    """Look for tokens of 8 bytes and more in the pixel data.

    A little-endian word of at most 13 bits has a high byte below 0x20, so that no two letters can stand side by side.
    """
    if 8 < bits <= SAFE_BITS:
        return set()
    long = {token for token in tokens if len(token) >= SHORTEST_IN_PIXELS and not _is_ramp(token)}
    runs = b"\0".join(_RUN.findall(pixels)).lower()
    return {token for token in long if token in runs}


def _is_ramp(token: bytes) -> bool:
    """Say whether a token could be a flat or even slope of grey values, such as `12345678`."""
    return len({after - before for before, after in pairwise(token)}) < 3
