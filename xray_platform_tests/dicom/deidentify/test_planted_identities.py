"""Identities planted into every place of a file that one can think of: none may be left in what is written."""

import csv
from collections.abc import Sequence as Many
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from xray_platform.dicom.deidentify.engine import deidentify
from xray_platform_tests.dicom.deidentify.making import DX, KEY, coded, encoded, make, smooth
from xray_platform_tests.dicom.deidentify.planting import TEXT, Plants, every_attribute, nested, plant

Attributes = Many[tuple[int, str, str]]
EVERYTHING = tuple(every_attribute())
PARTS = [EVERYTHING[start : start + 1300] for start in range(0, len(EVERYTHING), 1300)]
UNLISTED = ("ReferencedStudySequence", "ViewModifierCodeSequence")
LISTED = ("SourceImageSequence", "PurposeOfReferenceCodeSequence")


def written(made: Dataset, **options: bytes) -> bytes:
    return deidentify(encoded(made, **options), KEY).data  # type: ignore[arg-type]


def test_the_dictionary_is_planted_nearly_whole() -> None:
    assert len(EVERYTHING) > 2000


@pytest.mark.parametrize("part", PARTS, ids=range(len(PARTS)))
def test_in_every_attribute_of_the_dictionary(part: Attributes) -> None:
    plants = Plants()
    made = plant(make(sop_class=DX), part, plants, "top")
    assert plants.leaks(written(made)) == {}
    assert plants.leaks(encoded(made)) == plants.tokens, "a token that was never planted proves nothing"


@pytest.mark.parametrize("path", [UNLISTED, LISTED, (*LISTED, *UNLISTED)], ids=["unlisted", "listed", "deep"])
def test_in_every_attribute_nested_in_a_sequence(path: tuple[str, ...]) -> None:
    for part in PARTS:
        plants, made = Plants(), make()
        setattr(made, path[0], nested(plant(Dataset(), part, plants, "/".join(path)), *path[1:]))
        assert plants.leaks(written(made)) == {}
        assert plants.leaks(encoded(made)) == plants.tokens


def test_in_every_attribute_of_the_confidentiality_profile(shared_data: Path) -> None:
    text = (shared_data / "ps3_15" / "table_e1_1.csv").read_text()
    plants, lines = Plants(), list(csv.DictReader(text.splitlines()))
    exact = [line for line in lines if "x" not in line["group"] + line["element"]]
    named = [(int(line["group"] + line["element"], 16), line["vr"], line["keyword"]) for line in exact if line["vr"]]
    wanted = [each for each in named if each[0] >> 16 not in (0, 2, 0xFFFA, 0xFFFC) and each[0] != 0x00100020]
    made = plant(make(), wanted, plants, "top")
    made.ReferencedStudySequence = nested(plant(Dataset(), wanted, plants, "nested"), UNLISTED[1])
    assert len(plants.tokens) > 1000
    assert plants.leaks(written(made)) == {}


def test_in_private_attributes_also_nested_and_without_a_creator() -> None:
    plants, made = Plants(), make()
    for holder, where in ((made, "top"), (nest := Dataset(), "nested")):
        block = holder.private_block(0x0029, "ACME SMITHSONIAN", create=True)
        for offset, vr in enumerate(TEXT):
            block.add_new(offset, vr, plants.value(vr, f"{where} {vr}"))
        holder.add_new(0x00331050, "UN", plants.value("UN", f"{where}, no creator"))
    made.add_new(0x00351010, "SQ", Sequence([nest]))
    assert plants.leaks(written(made)) == {}
    assert b"SMITHSONIAN" not in written(made)


def test_in_overlays_curves_icon_and_documents() -> None:
    plants, made = Plants(), make()
    for group in (0x6000, 0x6002, 0x601E, 0x5000, 0x5012):
        for element, vr in ((0x0022, "LO"), (0x1500, "LO"), (0x4000, "LT"), (0x3000, "OB"), (0x0040, "CS")):
            made.add_new(group << 16 | element, vr, plants.value(vr, f"{group:04x},{element:04x}"))
    icon = make(np.frombuffer(b"ICONOFMRSMITHSON" * 16, np.uint8).reshape(16, 16), bits=8)
    made.IconImageSequence = Sequence([icon])
    made.EncapsulatedDocument = plants.value("OB", "document")
    data = written(made)
    assert plants.leaks(data) == {}
    assert b"ICONOFMRSMITHSON" not in data


def test_in_preamble_meta_information_trailing_bytes_and_padding() -> None:
    made = make()
    made.add_new(0xFFFCFFFC, "OB", b"PADDEDWITHSMITHS")
    data = encoded(made, preamble=b"II*\0PREAMBLESMITH".ljust(128, b"\0")) + b"\0\0TRAILINGSMITHSON"
    clean = deidentify(data, KEY).data
    for token in (b"PREAMBLESMITH", b"RADIOLOGY_AE", b"PADDEDWITHSMITHS", b"TRAILINGSMITHSON", b"PYDICOM"):
        assert token not in clean
    assert clean[:132] == b"\0" * 128 + b"DICM"


def test_in_the_meaning_of_a_known_code() -> None:
    made = make(sop_class=DX, DerivationCodeSequence=Sequence([coded("113040", "DCM", "of Jane Doe")]))
    data = written(made)
    assert b"Doe" not in data
    assert b"Lossy Compression" in data
    assert b"Chest" in data


def test_in_free_text_of_which_the_medical_words_stay() -> None:
    made = make(StudyDescription="XR CHEST AP PORTABLE for Douglas Davidson", SeriesDescription="Davidson Douglas")
    data = written(made)
    assert b"XR CHEST AP PORTABLE" in data
    assert b"DAVIDSON" not in data.upper()


def test_in_pixel_bits_that_do_not_belong_to_the_picture() -> None:
    overlay = smooth().copy()
    overlay[::2] |= 0xA000
    data = written(make(overlay))
    assert deidentify(encoded(make(smooth())), KEY).data[-8192:] == data[-8192:]


def test_in_a_character_set_that_is_not_ascii() -> None:
    made = make(SpecificCharacterSet="ISO_IR 192", PatientName="Müßiggang^Zoë", InstitutionName="Kråkstad sjukhus")
    data = written(made)
    for word in ("Müßiggang", "Zoë", "Kråkstad"):
        assert word.encode() not in data
