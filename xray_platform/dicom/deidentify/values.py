"""Values: the rules that an allowed attribute's value must pass, each a function that also says what it does."""

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from pydicom._uid_dict import UID_dictionary

from xray_platform.dicom.dates import cap_age, cut_time, move_date, move_date_time
from xray_platform.dicom.deidentify.person import Person
from xray_platform.dicom.deidentify.vocabulary import vocabulary

MOST_VALUES = 64
_BINARY = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d"}
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_INTEGER = re.compile(r"[+-]?\d{1,12}")
_WORD = re.compile(r"[A-Z]+|\b[1-4]\b")
_LONGEST = {"CS": 16, "SH": 16, "LO": 64}


@dataclass(frozen=True)
class Source:
    """A value as the source file holds it, and what a rule needs to judge it.

    `vr` is the representation it is due to have, `little` its byte order, `signed` whether pixels are; `argument` is
    the rule's own, from the policy.
    """

    raw: bytes
    vr: str
    little: bool
    signed: bool
    argument: str
    person: Person

    @property
    def texts(self) -> list[str]:
        return [part.strip(" \0\t\r\n") for part in self.raw[:4096].decode("latin-1").split("\\")]

    @property
    def text(self) -> str:
        return self.texts[0] if len(self.texts) == 1 else ""


Rule = Callable[[Source], bytes | None]


def _word(source: Source) -> bytes | None:
    text = source.text.upper()
    return text.encode() if text and text in vocabulary()[source.argument] else None


def _words(source: Source) -> bytes | None:
    texts = [text.upper() for text in source.texts]
    allowed = vocabulary()[source.argument]
    if source.argument == "image_type":
        return _image_type(texts, allowed)
    whole = any(texts) and len(texts) <= MOST_VALUES and all(text in allowed for text in texts)
    return "\\".join(texts).encode() if whole else None


def _image_type(texts: list[str], allowed: frozenset[str]) -> bytes | None:
    """Keep the first two values, which are defined, and of the vendor's further ones those that are known words."""
    if len(texts) == 1:
        texts = texts[0].split()
    if len(texts) < 2 or texts[0] not in {"ORIGINAL", "DERIVED"} or texts[1] not in {"PRIMARY", "SECONDARY"}:
        return None
    kept = "\\".join(text if text in allowed else "" for text in texts[:16])
    return kept.rstrip("\\").encode()


def _text(source: Source) -> bytes | None:
    allowed, kept = vocabulary()[source.argument], ""
    for word in _WORD.findall(" ".join(source.texts).upper()):
        longer = f"{kept} {word}".strip()
        if (word in allowed or word.isdigit()) and len(longer) <= _LONGEST.get(source.vr, 64):
            kept = longer
    return kept.encode() if any(sign.isalpha() for sign in kept) else None


def _vendor(source: Source) -> bytes | None:
    words = f" {' '.join(re.findall(r'[A-Z-]+', source.text.upper()))} "
    found = [vendor for vendor in vocabulary()["vendor"] if f" {vendor} " in words]
    return max(found, key=len).encode() if found else None


def _pattern(source: Source) -> bytes | None:
    text = source.text.upper()
    return text.encode() if re.fullmatch(source.argument, text) else None


def _numbers(source: Source) -> bytes | None:
    low, high = (float(end) for end in source.argument.split(".."))
    if source.vr in {"DS", "IS"}:
        form = _DECIMAL if source.vr == "DS" else _INTEGER
        texts = source.texts
        if len(texts) > MOST_VALUES or not all(len(text) <= 16 and form.fullmatch(text) for text in texts):
            return None
        return "\\".join(texts).encode() if all(low <= float(text) <= high for text in texts) else None
    return _binary_numbers(source, low, high)


def _binary_numbers(source: Source, low: float, high: float) -> bytes | None:
    letter = "h" if source.signed else "H"
    letter = _BINARY.get(source.vr, letter)
    size = struct.calcsize(f"<{letter}")
    count = len(source.raw) // size
    if not 0 < count <= MOST_VALUES or len(source.raw) % size:
        return None
    found = struct.unpack(f"{'<' if source.little else '>'}{count}{letter}", source.raw)
    return struct.pack(f"<{count}{letter}", *found) if all(low <= number <= high for number in found) else None


def _number(source: Source) -> bytes | None:
    found = _numbers(source)
    one = found is not None and (b"\\" not in found if source.vr in {"DS", "IS"} else len(found) <= 8)
    return found if one else None


def _uid(source: Source) -> bytes | None:
    return source.person.key.uid(source.text).encode() if source.text else None


def _registered(source: Source) -> bytes | None:
    return source.text.encode() if source.text in UID_dictionary else None


def _date(source: Source) -> bytes | None:
    return _ascii(move_date(source.text, source.person.days))


def _date_time(source: Source) -> bytes | None:
    return _ascii(move_date_time(source.text, source.person.days))


def _time(source: Source) -> bytes | None:
    return _ascii(cut_time(source.text))


def _age(source: Source) -> bytes | None:
    return _ascii(cap_age(source.text))


def _ascii(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def _subject(source: Source) -> bytes | None:
    return source.person.subject.encode()


def _study(source: Source) -> bytes | None:
    return source.person.study[4:].encode() if source.text else b""


def _accession(source: Source) -> bytes | None:
    return source.person.key.accession(source.text).encode() if source.text else b""


def _device(source: Source) -> bytes | None:
    text = " ".join(source.texts).strip()
    return f"{source.argument.upper()}-{source.person.key.device(text, source.argument)}".encode() if text else b""


def _clear(_: Source) -> bytes | None:
    return b""


@dataclass(frozen=True)
class ValueRule:
    """A rule with its own words; `{}` in them stands for the rule's argument."""

    says: str
    apply: Rule


VALUE_RULES: dict[str, ValueRule] = {
    "word": ValueRule("kept if it is one of the known words for it, otherwise gone", _word),
    "words": ValueRule("kept if every value is one of the known words for it, otherwise gone", _words),
    "text": ValueRule("free text; of its words those in a medical word list are kept, the others go", _text),
    "vendor": ValueRule("replaced by the plain name of a known maker, otherwise emptied", _vendor),
    "pattern": ValueRule("kept if it has exactly the form of a cassette size, otherwise gone", _pattern),
    "number": ValueRule("kept if it is one number within the range that makes sense, otherwise gone", _number),
    "numbers": ValueRule("kept if all are numbers within the range that makes sense, otherwise gone", _numbers),
    "uid": ValueRule("replaced by a keyed UID under 2.25; the same UID gives the same one everywhere", _uid),
    "registered": ValueRule("kept if it is a UID that the DICOM standard itself registers", _registered),
    "date": ValueRule("moved into the past by whole weeks, as many for all dates of a patient", _date),
    "datetime": ValueRule("moved like a date and cut to the minute; its time zone goes", _date_time),
    "time": ValueRule("cut to the minute", _time),
    "age": ValueRule("kept; 90 years and more become 90", _age),
    "subject": ValueRule("replaced by the keyed pseudonym of the patient", _subject),
    "study": ValueRule("replaced by the keyed pseudonym of the study", _study),
    "accession": ValueRule("replaced by a keyed pseudonym", _accession),
    "device": ValueRule("replaced by a keyed pseudonym, so that devices can be told apart but not named", _device),
    "clear": ValueRule("emptied", _clear),
}
