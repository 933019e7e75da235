"""Values: the rules that an allowed attribute's value must pass, each a function that also says what it does."""

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from pydicom.config import IGNORE
from pydicom.uid import UID

from xray_platform.dicom.deidentify.digits import decimal_texts, rounded
from xray_platform.dicom.deidentify.identifiers import Identifiers
from xray_platform.dicom.deidentify.person import Person
from xray_platform.dicom.deidentify.phrases import grammars, said_in
from xray_platform.dicom.deidentify.vocabulary import vocabulary
from xray_platform.dicom.parse.dates import cap_age, cut_time, move_date, move_date_time, near

NEAREST_DAYS = 7
_MOST_KINDS = 4
_BINARY = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d"}
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,12}", re.ASCII)
_LONGEST = {"CS": 16, "SH": 16, "LO": 64}


@dataclass(frozen=True)
class Source:
    """A value as the source file holds it, and what a rule needs to judge it.

    `vr` is the representation it is due to have, `little` its byte order, `signed` whether pixels are; `argument` is
    the rule's own, from the policy, `most` how many values may stand there; `known` is what the file knows a person
    by, `day` the true day of the study.
    """

    raw: bytes
    vr: str
    little: bool
    signed: bool
    argument: str
    most: int
    person: Person
    known: Identifiers
    day: date | None

    @property
    def texts(self) -> list[str]:
        return [part.strip(" \0\t\r\n") for part in self.raw[:4096].decode("latin-1").split("\\")]

    @property
    def text(self) -> str:
        return self.texts[0] if len(self.texts) == 1 else ""


ValueFunction = Callable[[Source], bytes | None]


def _word(source: Source) -> bytes | None:
    text = source.text.upper()
    return text.encode() if text and text in vocabulary()[source.argument] else None


def _words(source: Source) -> bytes | None:
    texts = [text.upper() for text in source.texts]
    allowed = vocabulary()[source.argument]
    if source.argument == "image_type":
        return _image_type(texts, allowed - source.known.names)
    whole = any(texts) and len(texts) <= source.most and all(text in allowed for text in texts)
    return "\\".join(texts).encode() if whole else None


def _image_type(texts: list[str], allowed: frozenset[str]) -> bytes | None:
    """Keep the first two values, which are defined, and of the vendor's further ones those that are known words."""
    if len(texts) == 1:
        texts = texts[0].split()
    if len(texts) < 2 or texts[0] not in {"ORIGINAL", "DERIVED"} or texts[1] not in {"PRIMARY", "SECONDARY"}:
        return None
    further = (text if text in allowed else "" for text in texts[2:_MOST_KINDS])
    return "\\".join((*texts[:2], *further)).rstrip("\\").encode()


def _text(source: Source) -> bytes | None:
    said = said_in(" ".join(source.texts), grammars()[source.argument], source.known.names)
    return said.encode() if said and len(said) <= _LONGEST.get(source.vr, 64) else None


def _vendor(source: Source) -> bytes | None:
    words = f" {' '.join(re.findall(r'[A-Z-]+', source.text.upper()))} "
    found = [vendor for vendor in vocabulary()["vendor"] if f" {vendor} " in words]
    return max(found, key=len).encode() if found else None


def _numbers(source: Source) -> bytes | None:
    """Write numbers anew, if all are within their range and none tells an identifier, before or after rounding."""
    texts = _decimals(source)
    bounds, digits = source.argument.split(":")
    if texts is None or not _within(texts, bounds) or source.known.digits.tell(texts):
        return None
    written = [rounded(text, int(digits)) for text in texts]
    if any(len(text) > _LONGEST["CS"] for text in written) or source.known.digits.tell(written):
        return None
    return _encoded(written, source)


def _decimals(source: Source) -> list[str] | None:
    """Return the numbers of a value as decimal texts, or None where they are none, or too many."""
    if source.vr in {"DS", "IS"}:
        form = _DECIMAL if source.vr == "DS" else _INTEGER
        texts = source.texts
        sound = len(texts) <= source.most and all(len(text) <= 16 and form.fullmatch(text) for text in texts)
        return texts if sound else None
    letter = _letter(source)
    count, rest = divmod(len(source.raw), struct.calcsize(f"<{letter}"))
    if rest or not 0 < count <= source.most:
        return None
    found = struct.unpack(f"{'<' if source.little else '>'}{count}{letter}", source.raw)
    return decimal_texts(found) if all(abs(number) < float("inf") for number in found) else None


def _encoded(texts: list[str], source: Source) -> bytes:
    if source.vr in {"DS", "IS"}:
        return "\\".join(texts).encode()
    letter = _letter(source)
    convert = float if letter in "fd" else int
    return struct.pack(f"<{len(texts)}{letter}", *(convert(text) for text in texts))


def _letter(source: Source) -> str:
    return _BINARY.get(source.vr, "h" if source.signed else "H")


def _within(texts: list[str], bounds: str) -> bool:
    low, high = (float(end) for end in bounds.split(".."))
    return all(low <= float(text) <= high for text in texts)


def _layout(source: Source) -> bytes | None:
    """Take a number that the pixels themselves bear out: it must lie within its range, and is written from them."""
    texts = _decimals(source)
    return _encoded(texts, source) if texts is not None and _within(texts, source.argument) else None


def _uid(source: Source) -> bytes | None:
    return source.person.key.uid(source.text).encode() if source.text else None


def _sop_class(source: Source) -> bytes | None:
    return source.text.encode() if UID(source.text, IGNORE).type == "SOP Class" else None


def _date(source: Source) -> bytes | None:
    """Move a date that belongs to the study.

    What lies far from it is some other day, such as that of a migration, which many patients share: moved by the days
    of each, it would tell the days.
    """
    beside = near(source.text, source.day, NEAREST_DAYS)
    return _ascii(move_date(source.text, source.person.days)) if beside else None


def _date_time(source: Source) -> bytes | None:
    beside = near(source.text[:8], source.day, NEAREST_DAYS)
    return _ascii(move_date_time(source.text, source.person.days)) if beside else None


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
    apply: ValueFunction


VALUE_RULES: dict[str, ValueRule] = {
    "word": ValueRule("kept if it is one of the known words for it, otherwise gone", _word),
    "words": ValueRule("kept if every value is one of the known words for it, otherwise gone", _words),
    "text": ValueRule(
        "free text; read for known terms (body part, view, side, technique), which are said anew in a fixed order if a "
        "body part or view is among them; otherwise, or if a name of the patient is among them, gone",
        _text,
    ),
    "vendor": ValueRule("replaced by the plain name of a known maker, otherwise emptied", _vendor),
    "number": ValueRule(
        "kept if it is one number within the range that physics allows and has not the digits of an identifier or "
        "date, written anew with at most two to six digits; otherwise gone",
        _numbers,
    ),
    "numbers": ValueRule(
        "kept if all are numbers within the range that physics allows, as many as the standard allows, and have not "
        "the digits of an identifier or date, alone or strung together, written anew in the same way; otherwise gone",
        _numbers,
    ),
    "layout": ValueRule("written from the decoded pixels", _layout),
    "uid": ValueRule("replaced by a keyed UID under 2.25; the same UID gives the same one everywhere", _uid),
    "sop_class": ValueRule("kept if it is a SOP class that the DICOM standard itself registers", _sop_class),
    "date": ValueRule(
        "moved into the past by whole weeks, as many for all dates of a patient, if it is within "
        f"{NEAREST_DAYS} days of the study's; otherwise gone",
        _date,
    ),
    "datetime": ValueRule("moved like a date and cut to the hour; its time zone goes", _date_time),
    "time": ValueRule("cut to the hour", _time),
    "age": ValueRule("kept; 90 years and more become 90", _age),
    "subject": ValueRule("replaced by the keyed pseudonym of the patient", _subject),
    "study": ValueRule("replaced by the keyed pseudonym of the study", _study),
    "accession": ValueRule("replaced by a keyed pseudonym", _accession),
    "device": ValueRule("replaced by a keyed pseudonym, so that devices can be told apart but not named", _device),
    "clear": ValueRule("emptied", _clear),
}
