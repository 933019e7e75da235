"""Attributes: carry over from a source what the policy allows, value by value, at every depth it allows."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from xray_platform.dicom.deidentify.encode import Items, Written
from xray_platform.dicom.deidentify.grey_table import grey_table, written_table
from xray_platform.dicom.deidentify.identifiers import Identifiers
from xray_platform.dicom.deidentify.person import Person
from xray_platform.dicom.deidentify.policy import TOP, Policy, PolicyRow
from xray_platform.dicom.deidentify.refused import RefusedError
from xray_platform.dicom.deidentify.values import VALUE_RULES, Source
from xray_platform.dicom.deidentify.vocabulary import codes
from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.parse.dates import read_date
from xray_platform.dicom.parse.element_scanner import UNDEFINED, Element, scan_elements
from xray_platform.dicom.rules import UNPUBLISHABLE

MOST_ITEMS = 8
DEEPEST = 3
_CODE, _SCHEME, _MEANING = 0x00080100, 0x00080102, 0x00080104
_REFERENCED_CLASS, _REFERENCED_INSTANCE = 0x00081150, 0x00081155
_MADE = frozenset(("uid", "date", "datetime", "time", "subject", "study", "accession", "device", "layout"))
# The days that a study may be known by, the first that is stated counts: study, series, acquisition, content.
_DAYS = (tags.STUDY_DATE, 0x00080021, tags.ACQUISITION_DATE, tags.CONTENT_DATE)

Elements = Mapping[int, Element]


@dataclass(frozen=True)
class Carrier:
    """What is needed to carry attributes over.

    The opened source, its person and what it knows a person by, the policy, and whether pixels are signed.
    """

    container: Container
    person: Person
    known: Identifiers
    policy: Policy
    signed: bool

    def carry(self) -> dict[int, Written]:
        """Return the top level's allowed attributes, by tag. Raises RefusedError where a needed one is not sound."""
        return {written.tag: written for written in self._dataset(self.container.elements, TOP, 0)}

    def _dataset(self, elements: Elements, place: str, depth: int) -> list[Written]:
        rows = self.policy.places[place]
        allowed = ((rows[tag], element) for tag, element in elements.items() if tag in rows)
        carried = (self._carry_one(row, element, depth) for row, element in allowed)
        return [written for written in carried if written is not None]

    def _carry_one(self, row: PolicyRow, element: Element, depth: int) -> Written | None:
        if row.rule == "items":
            items = self._items(row, element, depth)
            return Written(row.tag, "SQ", items) if items or row.otherwise == "empty" else None
        if row.vr == "SQ":
            return Written(row.tag, "SQ", ())
        if row.rule == "table":
            return None
        raw = self.container.data[element.offset : element.offset + element.length]
        value = VALUE_RULES[row.rule].apply(self._source(raw, row))
        return _or_else(row, value if value is not None or raw.strip(b" \0") else _empty(row), self._word_vr)

    def _source(self, raw: bytes, row: PolicyRow) -> Source:
        little, day = self.container.little, self._day
        return Source(raw, row.vr, little, self.signed, row.argument, row.most, self.person, self.known, day)

    @cached_property
    def _day(self) -> date | None:
        found = (read_date(self.container.text(tag)) for tag in _DAYS)
        return next((day for day in found if day is not None), None)

    @property
    def _word_vr(self) -> str:
        return "SS" if self.signed else "US"

    def _items(self, row: PolicyRow, element: Element, depth: int) -> Items:
        if depth >= DEEPEST:
            return ()
        found = self._items_of(element, depth)[:MOST_ITEMS]
        made = [self._item(item, row.argument, depth + 1) for item in found]
        if row.tag == tags.MODALITY_LUT_SEQUENCE and not all(made):
            raise RefusedError(UNPUBLISHABLE, "quarantine", "a modality look-up table that is no table of grey values")
        return tuple(dict.fromkeys(item for item in made if item))

    def _items_of(self, element: Element, depth: int) -> list[dict[int, Element]]:
        if depth == 0:
            return self.container.sequences.get(element.tag, [])
        return _nested(self.container, element)

    def _item(self, item: Elements, place: str, depth: int) -> tuple[Written, ...]:
        if place == "code":
            return self._code(item, depth)
        carried = self._dataset(item, place, depth)
        if place == "lut":
            table = grey_table(self.container, item, signed=self.signed)
            return (*carried, *written_table(table, self._word_vr)) if table is not None else ()
        if place == "reference" and not {_REFERENCED_CLASS, _REFERENCED_INSTANCE} <= {each.tag for each in carried}:
            return ()
        return tuple(carried)

    def _code(self, item: Elements, depth: int) -> tuple[Written, ...]:
        """Carry over a coded concept that is known, its meaning taken from the product's own list."""
        scheme, code = self.container.text(_SCHEME, item), self.container.text(_CODE, item)
        meaning = codes().get((scheme, code))
        if meaning is None:
            return ()
        triplet = ((_CODE, "SH", code), (_SCHEME, "SH", scheme), (_MEANING, "LO", meaning[:64]))
        plain = tuple(Written(tag, vr, text.encode(), made=True) for tag, vr, text in triplet)
        return (*plain, *self._dataset(item, "code", depth))


def _nested(container: Container, element: Element) -> list[dict[int, Element]]:
    """Scan a sequence inside an item once more by itself, from its own tag on, to learn of its items."""
    explicit = bool(element.vr)
    start = element.offset - (12 if explicit else 8)
    pixels = container.elements.get(tags.PIXEL_DATA)
    end = element.offset + element.length if element.length != UNDEFINED else pixels.offset if pixels else None
    found = scan_elements(container.data[:end], start, explicit=explicit, little=container.little)
    return found.sequences.get(element.tag, [])


def _empty(row: PolicyRow) -> bytes | None:
    """An empty value stays empty where the attribute is of type 2, and counts as failed elsewhere."""
    return b"" if row.type == 2 else None


def _or_else(row: PolicyRow, value: bytes | None, word_vr: str) -> Written | None:
    vr = word_vr if " or " in row.vr else row.vr
    if value is not None:
        return Written(row.tag, vr, value, made=row.rule in _MADE)
    if row.otherwise == "refuse":
        raise RefusedError(UNPUBLISHABLE, "quarantine", f"{row.attribute} has no value that is allowed")
    if row.otherwise == "remove":
        return None
    return Written(row.tag, vr, _neutral(vr, row.otherwise))


def _neutral(vr: str, otherwise: str) -> bytes:
    text = otherwise.removeprefix("=") if otherwise.startswith("=") else ""
    if vr in {"US", "SS"} and text:
        return struct.pack("<h", int(text))
    return text.encode()
