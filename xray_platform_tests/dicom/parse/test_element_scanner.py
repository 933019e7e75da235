"""The scanner meets every kind of damage: it never raises, never goes deep, and says what is wrong."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_platform.dicom.parse.element_scanner import UNDEFINED, Caps, scan_elements
from xray_platform.dicom.parse.flaws import FlawKind

ITEM, ITEM_END, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0", b"\xfe\xff\xdd\xe0"


def text(group: int, number: int, value: bytes) -> bytes:
    return struct.pack("<HH2sH", group, number, b"LO", len(value)) + value


def long(group: int, number: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    return struct.pack("<HH2sHL", group, number, vr, 0, len(value) if length is None else length) + value


def item(value: bytes, length: int | None = None) -> bytes:
    return ITEM + struct.pack("<L", len(value) if length is None else length) + value


def kinds(data: bytes, **options: object) -> list[FlawKind]:
    return [flaw.kind for flaw in scan_elements(data, 0, explicit=True, **options).flaws]  # type: ignore[arg-type]


def test_places_the_values_of_the_top_level_and_of_its_items() -> None:
    inner = text(0x0008, 0x0104, b"inside")
    data = text(0x0008, 0x0060, b"CR") + long(0x0008, 0x2218, b"SQ", item(inner)) + text(0x0010, 0x0020, b"17")

    found = scan_elements(data, 0, explicit=True)

    assert [data[e.offset : e.offset + e.length] for e in found.elements.values() if e.vr == b"LO"] == [b"CR", b"17"]
    (only,) = found.sequences[0x00082218]
    assert data[only[0x00080104].offset :].startswith(b"inside")
    assert (found.flaws, found.depth, found.end) == ([], 1, len(data))


@pytest.mark.parametrize("undefined", [False, True])
def test_sequences_and_items_may_have_a_length_or_an_end_mark(undefined: bool) -> None:
    inner = text(0x0008, 0x0104, b"x ")
    if undefined:
        body = item(inner + ITEM_END + bytes(4), UNDEFINED) + SEQUENCE_END + bytes(4)
        data = long(0x0008, 0x2218, b"SQ", body, UNDEFINED)
    else:
        data = long(0x0008, 0x2218, b"SQ", item(inner))
    data += text(0x0010, 0x0020, b"17")

    found = scan_elements(data, 0, explicit=True)

    assert not found.flaws
    assert 0x00100020 in found.elements


def test_an_unknown_sequence_without_length_is_read_as_implicit() -> None:
    inner = struct.pack("<HHL", 0x0009, 0x1001, 4) + b"abcd"
    data = long(0x0009, 0x1000, b"UN", item(inner) + SEQUENCE_END + bytes(4), UNDEFINED)

    assert not scan_elements(data, 0, explicit=True).flaws


def test_nesting_stops_at_its_cap_with_lengths_and_without() -> None:
    inner = b""
    for _ in range(3000):
        inner = long(0x0040, 0xA730, b"SQ", item(inner))
    assert kinds(inner) == [FlawKind.TOO_COMPLEX]
    assert kinds((struct.pack("<HH2sHL", 0x40, 0xA730, b"SQ", 0, UNDEFINED) + item(b"", UNDEFINED)) * 3000) == [
        FlawKind.TOO_COMPLEX
    ]


def test_so_many_elements_are_too_many() -> None:
    data = b"".join(text(0x0009, 0x1000, b"") for _ in range(6000))
    assert kinds(data) == [FlawKind.TOO_COMPLEX]
    assert kinds(data, caps=Caps(elements=6000)) == []


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (
            long(0x0008, 0x2218, b"OB", b"abcd", 2_000_000_000),
            FlawKind.TRUNCATED,
            "declares about 2000000000 bytes more than are left",
        ),
        (text(0x0008, 0x0060, b"CR") + b"\x08\x00\x61", FlawKind.UNREADABLE, "breaks off"),
        (
            struct.pack("<HH2sH", 8, 0x2218, b"OB", 0) + b"\0\0",
            FlawKind.UNREADABLE,
            "inside the element AnatomicRegionSequence",
        ),
        (struct.pack("<HH2sH", 8, 0x60, b"??", 2) + b"CR", FlawKind.UNREADABLE, "no known value representation"),
        (long(0x0008, 0x2218, b"OB", b"", UNDEFINED), FlawKind.UNREADABLE, "no length and is no sequence"),
        (long(0x0008, 0x2218, b"SQ", text(8, 0x60, b"CR")), FlawKind.UNREADABLE, "where an item is due"),
        (long(0x0008, 0x2218, b"SQ", item(b"", 900)), FlawKind.TRUNCATED, "an item declares 900 bytes more"),
        (ITEM_END + bytes(4), FlawKind.UNREADABLE, "where an element is due"),
        (long(0x0008, 0x2218, b"SQ", item(b""), UNDEFINED), FlawKind.UNREADABLE, "ends inside a sequence"),
    ],
)
def test_each_kind_of_damage_has_its_kind(data: bytes, kind: FlawKind, words: str) -> None:
    (flaw,) = scan_elements(data, 0, explicit=True).flaws
    assert flaw.kind == kind
    assert words in flaw.evidence


@pytest.mark.parametrize("junk", [b"!", b"junk" * 100, bytes(512), ITEM + bytes(4)])
def test_bytes_after_the_pixels_are_told_from_elements(junk: bytes) -> None:
    pixels = long(0x7FE0, 0x0010, b"OW", b"\1\2")
    padding = long(0xFFFC, 0xFFFC, b"OB", b"\0\0")

    found = scan_elements(pixels + padding + junk, 0, explicit=True)

    assert [flaw.kind for flaw in found.flaws] == [FlawKind.TRAILING_BYTES]
    assert f"{len(junk)} bytes" in found.flaws[0].evidence
    assert not scan_elements(pixels + padding, 0, explicit=True).flaws


def test_fragments_of_encapsulated_pixels_are_placed_without_their_offset_table() -> None:
    body = item(b"\0\0\0\0") + item(b"abc.") + item(b"de") + SEQUENCE_END + bytes(4)
    data = long(0x7FE0, 0x0010, b"OB", body, UNDEFINED)

    found = scan_elements(data, 0, explicit=True)

    assert found.fragments is not None
    assert [data[offset : offset + length] for offset, length in found.fragments] == [b"abc.", b"de"]
    cut = scan_elements(data[:-9], 0, explicit=True)
    assert [flaw.kind for flaw in cut.flaws] == [FlawKind.TRUNCATED]


def test_a_million_empty_fragments_are_not_collected() -> None:
    data = long(0x7FE0, 0x0010, b"OB", item(b"") * 200_000, UNDEFINED)
    found = scan_elements(data, 0, explicit=True)
    assert [flaw.kind for flaw in found.flaws] == [FlawKind.TOO_COMPLEX]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.booleans(), st.booleans())
def test_no_bytes_whatever_make_it_raise_or_run_on(data: bytes, explicit: bool, little: bool) -> None:
    found = scan_elements(data, 0, explicit=explicit, little=little)
    assert 0 <= found.end <= len(data)
    assert found.depth <= 9


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_every_cut_of_a_sound_dataset_is_noticed_or_harmless(data: st.DataObject) -> None:
    inner = long(0x0008, 0x2218, b"SQ", item(text(0x0008, 0x0104, b"meaning ")))
    whole = text(0x0008, 0x0060, b"CR") + inner + text(0x0010, 0x0020, b"17") + long(0x7FE0, 0x10, b"OW", bytes(64))
    cut = data.draw(st.integers(0, len(whole) - 1))

    found = scan_elements(whole[:cut], 0, explicit=True)

    assert found.flaws or 0x7FE00010 not in found.elements
