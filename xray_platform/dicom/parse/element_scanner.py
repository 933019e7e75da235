"""Element scanner: place the elements of a DICOM dataset, without recursion, and notice lengths that cannot be."""

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from xray_platform.dicom.parse.evidence_text import about, element
from xray_platform.dicom.parse.flaws import Flaw, FlawKind
from xray_platform.dicom.parse.tags import PIXEL_DATA

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_SHORT = frozenset(
    (
        b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT",
        b"PN", b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US",
    )
)  # fmt: skip
_ITEM_BYTES = {True: b"\xfe\xff\x00\xe0", False: b"\xff\xfe\xe0\x00"}
_FIELDS = {True: struct.Struct("<HH2sH"), False: struct.Struct(">HH2sH")}
_WORDS = {True: struct.Struct("<HHL"), False: struct.Struct(">HHL")}
_LENGTH = {True: struct.Struct("<L"), False: struct.Struct(">L")}


class Element(NamedTuple):
    """Where the value of an attribute lies; `vr` is empty where the dataset does not state it."""

    tag: int
    vr: bytes
    offset: int
    length: int


@dataclass(frozen=True)
class Caps:
    """What a dataset may hold: levels of nesting, elements at all levels together, and fragments of pixel data."""

    depth: int = 8
    elements: int = 5000
    fragments: int = 100_000


@dataclass
class _Level:
    """One open level: a dataset (an item, or the whole), or a sequence of items."""

    sequence: bool
    end: int
    explicit: bool
    open_end: bool = False
    elements: dict[int, Element] | None = None
    items: list[dict[int, Element]] | None = None


@dataclass
class ScannedDataset:
    """What was found in a dataset: elements of the top level, items of its sequences, pixel fragments, and flaws.

    `nested` are the elements of all items at whatever depth, in the order in which they stand.
    """

    elements: dict[int, Element] = field(default_factory=dict)
    nested: list[Element] = field(default_factory=list)
    sequences: dict[int, list[dict[int, Element]]] = field(default_factory=dict)
    fragments: list[tuple[int, int]] | None = None
    flaws: list[Flaw] = field(default_factory=list)
    depth: int = 0
    count: int = 0
    end: int = 0


class _Scanner:
    """The scanning itself: a position, and a stack of open levels in place of recursion."""

    def __init__(self, data: bytes, start: int, *, explicit: bool, little: bool, caps: Caps) -> None:
        self.data, self.little, self.caps = data, little, caps
        self.fields, self.words, self.long = _FIELDS[little], _WORDS[little], _LENGTH[little]
        self.position, self.end = start, len(data)
        self.found = ScannedDataset()
        self.stack = [_Level(False, self.end, explicit, elements=self.found.elements)]
        self.last = 0
        self.stopped = False

    def run(self) -> ScannedDataset:
        stack = self.stack
        while not self.stopped:
            level = stack[-1]
            if self.position >= level.end:
                if len(stack) == 1 or level.open_end:
                    break
                stack.pop()
            elif level.end - self.position < 8:
                self._short_rest(level)
            elif level.sequence:
                self._item(level)
            else:
                self._element(level)
        if len(stack) > 1 and not self.stopped:
            self._stop(FlawKind.UNREADABLE, "the file ends inside a sequence")
        self.found.end = self.position
        return self.found

    def _stop(self, kind: FlawKind, evidence: str) -> None:
        self.found.flaws.append(Flaw(kind, evidence))
        self.stopped = True

    def _short_rest(self, level: _Level) -> None:
        rest = level.end - self.position
        if len(self.stack) == 1 and PIXEL_DATA in self.found.elements:
            self._stop(FlawKind.TRAILING_BYTES, f"{rest} bytes after the last element")
        else:
            self._stop(FlawKind.UNREADABLE, f"the header breaks off: {rest} bytes where an element needs 8 or more")

    def _element(self, level: _Level) -> None:
        group, number, vr, length = self.fields.unpack_from(self.data, self.position)
        tag = group << 16 | number
        if group == 0xFFFE:
            self._delimiter(level, tag)
            return
        if self._is_junk(level, tag, vr):
            return
        value = self.position + 8
        if not level.explicit:
            vr, length = b"", self.long.unpack_from(self.data, self.position + 4)[0]
        elif vr in _LONG:
            if value + 4 > level.end:
                self._stop(FlawKind.UNREADABLE, f"the header breaks off inside {element(tag)}")
                return
            length = self.long.unpack_from(self.data, value)[0]
            value += 4
        elif vr not in _SHORT:
            self._stop(FlawKind.UNREADABLE, f"{element(tag)} has no known value representation")
            return
        self._value(level, Element(tag, vr, value, length))

    def _is_junk(self, level: _Level, tag: int, vr: bytes) -> bool:
        """Say whether what follows the pixels is no element any more; elements ascend (PS3.5 section 7.1)."""
        if len(self.stack) > 1 or self.last < PIXEL_DATA:
            return False
        if tag > self.last and (not level.explicit or vr in _LONG or vr in _SHORT):
            return False
        self._stop(FlawKind.TRAILING_BYTES, f"{about(self.end - self.position)} bytes after the last element")
        return True

    def _value(self, level: _Level, found_at: Element) -> None:
        found, length, end = self.found, found_at.length, found_at.offset + found_at.length
        found.count += 1
        if found.count > self.caps.elements:
            self._stop(FlawKind.TOO_COMPLEX, f"more than {self.caps.elements} elements")
        elif length == UNDEFINED:
            self._undefined(level, found_at)
        elif end > level.end:
            lost = about(end - level.end)
            self._stop(FlawKind.TRUNCATED, f"{element(found_at.tag)} declares {lost} bytes more than are left")
        else:
            self._note(level, found_at)
            if self._is_sequence(found_at, level.explicit):
                self._open(found_at, end, level.explicit, open_end=False)
            else:
                self.position = end

    def _note(self, level: _Level, element: Element) -> None:
        if level.elements is not None:
            level.elements[element.tag] = element
        if len(self.stack) == 1:
            self.last = element.tag
        else:
            self.found.nested.append(element)

    def _is_sequence(self, element: Element, explicit: bool) -> bool:
        if explicit and element.vr not in {b"SQ", b"UN"}:
            return False
        if element.vr == b"SQ":
            return True
        starts_item = self.data[element.offset : element.offset + 4] == _ITEM_BYTES[self.little]
        return starts_item and not explicit and _known_sequence(element.tag)

    def _undefined(self, level: _Level, found_at: Element) -> None:
        if found_at.tag == PIXEL_DATA and len(self.stack) == 1:
            self._fragments(level, found_at)
        elif found_at.vr in {b"SQ", b"UN", b""}:
            self._note(level, found_at)
            self._open(found_at, level.end, level.explicit and found_at.vr != b"UN", open_end=True)
        else:
            self._stop(FlawKind.UNREADABLE, f"{element(found_at.tag)} has no length and is no sequence")

    def _open(self, element: Element, end: int, explicit: bool, *, open_end: bool) -> None:
        depth = sum(each.sequence for each in self.stack) + 1
        self.found.depth = max(self.found.depth, depth)
        if depth > self.caps.depth:
            self._stop(FlawKind.TOO_COMPLEX, f"nested deeper than {self.caps.depth} levels")
            return
        items: list[dict[int, Element]] | None = None
        if len(self.stack) == 1:
            items = self.found.sequences.setdefault(element.tag, [])
        self.stack.append(_Level(True, end, explicit, open_end, items=items))
        self.position = element.offset

    def _item(self, level: _Level) -> None:
        group, number, length = self.words.unpack_from(self.data, self.position)
        tag, self.position = group << 16 | number, self.position + 8
        if tag == SEQUENCE_END and level.open_end:
            self.stack.pop()
        elif tag != ITEM:
            self._stop(FlawKind.UNREADABLE, f"a sequence holds {element(tag)} where an item is due")
        elif length != UNDEFINED and self.position + length > level.end:
            self._stop(
                FlawKind.TRUNCATED,
                f"an item declares {about(self.position + length - level.end)} bytes more than are left",
            )
        else:
            self._open_item(level, length)

    def _open_item(self, level: _Level, length: int) -> None:
        self.found.count += 1
        if self.found.count > self.caps.elements:
            self._stop(FlawKind.TOO_COMPLEX, f"more than {self.caps.elements} elements")
            return
        elements: dict[int, Element] | None = None
        if level.items is not None:
            elements = {}
            level.items.append(elements)
        undefined = length == UNDEFINED
        end = level.end if undefined else self.position + length
        self.stack.append(_Level(False, end, level.explicit, undefined, elements=elements))

    def _delimiter(self, level: _Level, tag: int) -> None:
        if tag == ITEM_END and len(self.stack) > 1 and level.open_end:
            self.position += 8
            self.stack.pop()
        elif len(self.stack) == 1 and self.last >= PIXEL_DATA:
            self._stop(FlawKind.TRAILING_BYTES, f"{about(self.end - self.position)} bytes after the last element")
        else:
            self._stop(FlawKind.UNREADABLE, f"{element(tag)} where an element is due")

    def _fragments(self, level: _Level, element: Element) -> None:
        """Go over encapsulated pixel data (PS3.5 annex A.4): an offset table, then fragments, then a delimiter."""
        self._note(level, element)
        found: list[tuple[int, int]] = []
        position = element.offset
        while position + 8 <= self.end:
            group, number, length = self.words.unpack_from(self.data, position)
            position += 8
            if group << 16 | number == SEQUENCE_END:
                self.found.fragments, self.position = found[1:], position
                return
            if group << 16 | number != ITEM or position + length > self.end:
                break
            found.append((position, length))
            position += length
            if len(found) > self.caps.fragments:
                self._stop(FlawKind.TOO_COMPLEX, f"more than {self.caps.fragments} fragments of pixel data")
                return
        self.found.fragments = found[1:]
        self._stop(FlawKind.TRUNCATED, f"encapsulated pixel data break off after {len(found[1:])} whole fragments")


def _known_sequence(tag: int) -> bool:
    from pydicom.datadict import dictionary_VR  # half a second to import, and few files need it

    try:
        return bool(dictionary_VR(tag) == "SQ")
    except KeyError:
        return False


def scan_elements(
    data: bytes, start: int, *, explicit: bool, little: bool = True, caps: Caps = Caps()
) -> ScannedDataset:
    """Return what a dataset that begins at byte `start` holds; it never raises and never goes deeper than the caps.

    Values are not read, only placed. It stops at the first flaw; what it met before is kept.
    """
    return _Scanner(data, start, explicit=explicit, little=little, caps=caps).run()
