"""A file is opened as it is written, whatever its header claims; pydicom is the oracle on sound files."""

import warnings
import zlib
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.tag import Tag

from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import open_container
from xray_platform.dicom.parse.file_type import file_type_of
from xray_platform.dicom.parse.flaws import FlawKind
from xray_platform_tests.dicom import made


def kinds(data: bytes) -> list[FlawKind]:
    return [flaw.kind for flaw in open_container(data).flaws]


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"])
def test_attributes_read_alike_in_every_native_syntax(syntax: str) -> None:
    container = open_container(made.file(syntax=syntax, WindowCenter=[100, 200], PixelPaddingValue=7))

    assert container.flaws == ()
    assert container.syntax is not None
    assert container.syntax.uid == syntax
    assert container.text(tags.MODALITY) == "CR"
    assert container.texts(tags.PATIENT_ORIENTATION) == ("L", "F")
    assert container.word(tags.ROWS) == 256
    assert container.decimals(tags.WINDOW_CENTER) == (100, 200)
    assert container.meta_text(tags.MEDIA_STORAGE_SOP_INSTANCE_UID) == made.INSTANCE


def test_what_is_absent_or_no_number_is_empty_not_wrong() -> None:
    container = open_container(made.file(WindowCenter=None))
    assert container.text(tags.VIEW_CODE_SEQUENCE) == ""
    assert container.decimals(tags.WINDOW_CENTER) == ()
    assert container.decimals(tags.MODALITY) == ()
    assert container.word(tags.PIXEL_PADDING_VALUE) is None


def test_a_deflated_file_is_inflated_up_to_a_cap() -> None:
    data = made.file(syntax="1.2.840.10008.1.2.1.99")
    assert open_container(data).word(tags.ROWS) == 256
    assert [flaw.kind for flaw in open_container(data, inflate_bytes=1000).flaws] == [FlawKind.INFLATES_TOO_LARGE]


def test_a_deflated_bomb_is_not_unpacked() -> None:
    head = made.file(syntax="1.2.840.10008.1.2.1.99")
    start = head.index(b"1.2.840.10008.1.2.1.99") + 22
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = head[:start] + b"".join(engine.compress(bytes(1 << 20)) for _ in range(64)) + engine.flush()
    assert len(bomb) < 1 << 18

    container = open_container(bomb, inflate_bytes=16 << 20)

    assert FlawKind.INFLATES_TOO_LARGE in [flaw.kind for flaw in container.flaws]
    assert container.data == b""


def test_a_dataset_without_part_10_header_is_read_in_both_forms() -> None:
    for explicit in (True, False):
        container = open_container(made.bare(made.dataset(), explicit=explicit))
        assert [flaw.kind for flaw in container.flaws] == [FlawKind.NO_PART10_HEADER]
        assert container.word(tags.COLUMNS) == 256


def test_text_that_begins_like_dicom_is_none() -> None:
    assert kinds(b"\x08\x00" + b"not a dataset at all") == [FlawKind.UNREADABLE]


def test_a_transfer_syntax_that_lies_about_its_form_is_seen_through() -> None:
    data = made.file(syntax="1.2.840.10008.1.2")
    lying = data.replace(b"1.2.840.10008.1.2\0", b"1.2.840.10008.1.2.1\0", 1)
    # The longer UID moves everything by two bytes, so the lengths of its element and group follow.
    place = data.index(b"1.2.840.10008.1.2\0") - 2
    lying = lying[:place] + (20).to_bytes(2, "little") + lying[place + 2 :]

    container = open_container(lying)

    assert [flaw.kind for flaw in container.flaws] == [FlawKind.CONTRADICTED_SYNTAX]
    assert container.word(tags.ROWS) == 256
    assert container.syntax is not None
    assert not container.syntax.explicit


@pytest.mark.parametrize(
    ("preamble", "kind", "words"),
    [
        (b"MZ", FlawKind.PROGRAM_IN_PREAMBLE, "a Windows program"),
        (b"\x7fELF", FlawKind.PROGRAM_IN_PREAMBLE, "a Linux program"),
        (b"#!/bin/sh", FlawKind.PROGRAM_IN_PREAMBLE, "a script"),
        (b"II*\0", FlawKind.BYTES_IN_PREAMBLE, "TIFF"),
    ],
)
def test_a_preamble_that_is_something_else_is_named(preamble: bytes, kind: FlawKind, words: str) -> None:
    data = preamble.ljust(128, b"\1") + made.file()[128:]
    assert file_type_of(data) == "dicom"
    (flaw,) = open_container(data).flaws
    assert flaw.kind is kind
    assert words in flaw.evidence


def test_every_cut_of_a_file_is_opened_without_a_word_of_python() -> None:
    data = made.file(made.chest(16, 16))
    for cut in range(len(data)):
        container = open_container(data[:cut])
        assert container.flaws or not container.has(tags.PIXEL_DATA)


def test_finds_what_pydicom_finds_in_odd_files(shared_data: Path) -> None:
    compared = 0
    for path in sorted((shared_data / "odd_dicom").iterdir()):
        data = path.read_bytes()
        container = open_container(data) if data[128:132] == b"DICM" else None
        if container is None or any(
            flaw.kind in {FlawKind.UNREADABLE, FlawKind.TRUNCATED, FlawKind.UNKNOWN_SYNTAX, FlawKind.TOO_COMPLEX}
            for flaw in container.flaws
        ):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            oracle = dcmread(path)
            assert {int(element.tag) for element in oracle} == set(container.elements), path.name
            assert len(oracle.get("SOPInstanceUID") or "") == len(container.text(tags.SOP_INSTANCE_UID)), path.name
            assert oracle.get(Tag(tags.ROWS)) is None or oracle.Rows == container.word(tags.ROWS), path.name
        compared += 1
    assert compared > 100
