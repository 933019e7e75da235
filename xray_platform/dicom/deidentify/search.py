"""Search: look through what was written for anything that the source knew a person by."""

import re
import struct
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np

from xray_platform.dicom.deidentify.digits import decimal_texts
from xray_platform.dicom.deidentify.encode import Written
from xray_platform.dicom.deidentify.identifiers import Identifiers
from xray_platform.dicom.deidentify.refused import RefusedError
from xray_platform.dicom.deidentify.vocabulary import allowed_words, is_known
from xray_platform.dicom.parse import tags
from xray_platform.dicom.pixels.decode import Pixels
from xray_platform.dicom.rules import IDENTITY_LEFT

_TEXTUAL = frozenset(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"))
_FORMS = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d"}
_WORD = re.compile(rb"[0-9A-Za-z\x80-\xff]+")
_RUN = re.compile(rb"[\x20-\x7e]{8,}")
_GRAM = 8
_SHORTEST_WORD = 4
_MARKS = 0x0012
_PART = 1 << 20
SAFE_BITS = 13


def refuse_leaks(
    written: Iterable[Written], values: Pixels, bits: int, known: Identifiers, pseudonyms: Iterable[str]
) -> None:
    """Raise RefusedError where something of the source stands in the attributes or pixels to be written.

    What was carried over is a word that the product knows, or a number: any other word and any number with the digits
    of an identifier refuses the file. What the product made itself is searched for the words of the source, but for
    the marks, which say the same in every file, and the `pseudonyms` of person and study, which a source that went
    this way before may hold. `bits` is how many bits of a pixel's word can be set.
    """
    flat = list(_flat(written))
    carried = [element for element in flat if not element.made]
    words = {word for element in carried if element.vr in _TEXTUAL for word in _WORD.findall(element.value)}
    _refuse("a word that is not known", {word for word in words if not _is_plain(word)})
    made = (element.value for element in flat if element.vr in _TEXTUAL and element.tag >> 16 != _MARKS)
    words = {word.lower() for value in made for word in _WORD.findall(value)}
    words -= {word for text in pseudonyms for word in _WORD.findall(text.encode())}
    _refuse("a word", {word for word in words & known.words if len(word) >= _SHORTEST_WORD and not is_known(word)})
    _refuse("a number", [element.tag for element in carried if known.digits.tell(_decimals(element))])
    tables = b"".join(element.value for element in carried if element.tag == tags.LUT_DATA)
    _refuse("a value in a table of grey values", _in_binary(tables, known))
    if not 8 < bits <= SAFE_BITS:
        _refuse("a value in the pixels", _in_binary(np.ascontiguousarray(values).tobytes(), known))


def _refuse(what: str, found: Iterable[object]) -> None:
    count = sum(1 for _ in found)
    if count:
        raise RefusedError(
            IDENTITY_LEFT, "reject", f"{what} of the source stands in what was written ({count} found, 0 allowed)"
        )


class _Leaf(Written):
    """An attribute whose value is bytes."""

    value: bytes


def _flat(written: Iterable[Written]) -> Iterator[_Leaf]:
    for element in written:
        if isinstance(element.value, bytes):
            yield _Leaf(*element)
        else:
            for item in element.value:
                yield from _flat(item)


def _is_plain(word: bytes) -> bool:
    return word.isdigit() or word.decode("latin-1").upper() in allowed_words()


def _decimals(element: _Leaf) -> list[str]:
    """Return the numbers of a numeric attribute as decimal texts."""
    if element.vr in {"DS", "IS"}:
        return [text for text in element.value.decode("latin-1").split("\\") if text.strip()]
    letter = _FORMS.get(element.vr)
    return decimal_texts(number for (number,) in struct.iter_unpack(f"<{letter}", element.value)) if letter else []


def _in_binary(data: bytes, known: Identifiers) -> set[bytes]:
    """Look for tokens of 8 signs and more in the pixels or a table, whatever their number.

    A little-endian word of at most 13 bits has a high byte below 0x20, so that no two letters can stand side by side.
    """
    tokens = {token for token in (*known.words, *known.phrases, *_long(known.digits.naming)) if len(token) >= _GRAM}
    starts: dict[int, list[bytes]] = {}
    for token in tokens:
        if not _is_ramp(token):
            starts.setdefault(int.from_bytes(token[:_GRAM], "little"), []).append(token)
    runs = b"\0".join(_RUN.findall(data)).lower() if starts else b""
    places = _places(runs, np.array(sorted(starts), "<u8"))
    return {token for at in places for token in starts[_gram(runs, at)] if runs.startswith(token, at)}


def _long(numbers: Iterable[str]) -> Iterator[bytes]:
    return (number.encode() for number in numbers)


def _gram(runs: bytes, at: int) -> int:
    return int.from_bytes(runs[at : at + _GRAM], "little")


def _places(runs: bytes, grams: Pixels) -> Iterator[int]:
    """Yield where any of the sorted groups of 8 bytes stands, a mebibyte at a time."""
    first = np.zeros(1 << 16, np.bool_)
    first[grams & np.uint64(0xFFFF)] = True
    for start in range(0, max(len(runs) - _GRAM + 1, 0), _PART):
        part = np.frombuffer(runs[start : start + _PART + _GRAM - 1], np.uint8)
        pairs = part[: len(part) - _GRAM + 1].astype(np.uint16) | part[1 : len(part) - _GRAM + 2].astype(np.uint16) << 8
        maybe = np.flatnonzero(first[pairs])
        windows = part[maybe[:, None] + np.arange(_GRAM)].view("<u8").ravel()
        found = grams[np.minimum(np.searchsorted(grams, windows), len(grams) - 1)] == windows
        yield from (start + int(at) for at in maybe[found])


def _is_ramp(token: bytes) -> bool:
    """Say whether a token could be a flat or even slope of grey values, such as `12345678`."""
    return len({after - before for before, after in pairwise(token)}) < 3
