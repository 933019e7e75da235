"""Burned-in writing of a file: painted over beside the chest, else quarantined; no evidence tells what it says."""

import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest

from xray_platform.dicom.burned_in.find import find_writing
from xray_platform.dicom.deidentify.engine import deidentify
from xray_platform.dicom.deidentify.refused import RefusedError
from xray_platform.dicom.deidentify.settings import DeidentifySettings
from xray_platform_tests.dicom.burned_in.drawing import Pixels, burn, chest, letters
from xray_platform_tests.dicom.deidentify.making import KEY, encoded, make

READER = shutil.which("tesseract")
NAME = "SMITHSON ANNA 12.03.1961"


def pixels_of(data: bytes, folder: Path) -> Pixels:
    (folder / "clean.dcm").write_bytes(data)
    return pydicom.dcmread(folder / "clean.dcm").pixel_array


def words_in(pixels: Pixels, folder: Path) -> str:
    """What an optical reader finds in a picture, enlarged and framed as it likes them."""
    large = cv2.resize(pixels, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    framed = cv2.copyMakeBorder(large, 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    cv2.imwrite(str(folder / "read.png"), framed)
    found = subprocess.run(
        [READER or "", folder / "read.png", "-", "--psm", "11"], capture_output=True, text=True, check=True
    )
    return found.stdout.upper()


@pytest.mark.skipif(READER is None, reason="tesseract is not installed; the product does without it")
def test_an_optical_reader_reads_the_name_before_and_nothing_after(tmp_path: Path) -> None:
    burnt = burn(chest(512, 512, air=70), letters(NAME, 22), 20, 20)
    assert "SMITHSON" in words_in(burnt, tmp_path)
    made = deidentify(encoded(make(burnt, bits=8)), KEY)
    read = words_in(pixels_of(made.data, tmp_path), tmp_path)
    assert not any(word in read for word in ("SMITH", "ANNA", "1961", "12.03"))


@pytest.mark.parametrize("top", [20, -20])
def test_a_line_beside_the_body_is_painted_over_whole_however_long_it_is(top: int, tmp_path: Path) -> None:
    plain = chest(512, 512, air=70)
    burnt = burn(plain, letters(f"{NAME} KLINIK", 18), top, 30)
    made = deidentify(encoded(make(burnt, bits=8)), KEY)
    left = pixels_of(made.data, tmp_path)
    assert made.masked >= 1
    ink = np.abs(burnt.astype(int) - plain) > 40
    assert np.abs(left[ink].astype(int) - plain[ink]).max() < 20
    assert np.array_equal(left[90:-90, 90:-90], burnt[90:-90, 90:-90]), "the body is as it was"


@pytest.mark.parametrize(
    ("top", "left"), [(250, 30), (250, 200), (120, -80)], ids=["across the border", "centre", "side"]
)
def test_a_line_in_the_body_is_held_back_and_its_words_are_not_told(top: int, left: int) -> None:
    burnt = burn(chest(512, 512, air=20), letters("SMITHSON 1961", 18), top, left)
    with pytest.raises(RefusedError) as refused:
        deidentify(encoded(make(burnt, bits=8)), KEY)
    assert (refused.value.code, refused.value.severity) == ("Q091", "quarantine")
    assert "SMITH" not in refused.value.evidence.upper()


@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("place", [(8, 8), (8, -8), (-8, 8), (-8, 180)])
def test_a_line_over_shoulders_or_belly_is_painted_over_and_nothing_else_is_touched(
    place: tuple[int, int], negative: bool, tmp_path: Path
) -> None:
    plain = chest(512, 512)
    burnt = burn(255 - plain if negative else plain, letters("SMITHSON 1961", 15), *place, 0 if negative else 255)
    made = deidentify(encoded(make(burnt, bits=8)), KEY)
    left = pixels_of(made.data, tmp_path)
    ink = np.abs(burnt.astype(int) - (255 - plain if negative else plain)) > 40
    assert made.masked == 1
    assert made.share < 0.05
    assert not np.any((left == burnt) & ink)
    assert np.array_equal(left[80:-80, 80:-80], burnt[80:-80, 80:-80]), "lungs and heart are as they were"
    assert not find_writing(left).lines


def test_a_line_in_the_body_is_painted_over_where_the_settings_say_so(tmp_path: Path) -> None:
    plain = chest(512, 512, air=20)
    burnt = burn(plain, letters("SMITHSON 1961", 18), 180, 260)
    settings = DeidentifySettings(text_in_body="paint")
    left = pixels_of(deidentify(encoded(make(burnt, bits=8)), KEY, settings=settings).data, tmp_path)
    assert np.abs(left[burnt == 255].astype(int) - plain[burnt == 255]).max() < 60


def test_no_is_stated_only_with_the_method_by_which_the_whole_picture_was_searched() -> None:
    made = deidentify(encoded(make(chest(512, 512), bits=8)), KEY)
    clean = pydicom.dcmread(pydicom.filebase.DicomBytesIO(made.data))
    assert clean.BurnedInAnnotation == "NO"
    assert "burned-in text: text detector 4, none found" in list(clean.DeidentificationMethod)
    assert "113101" in [item.CodeValue for item in clean.DeidentificationMethodCodeSequence]


def test_writing_that_is_brighter_than_white_air_is_found() -> None:
    values = chest(512, 512).astype(np.uint16) * 12
    values[:80] = 3000
    burnt = burn(values, letters("SMITHSON 1961", 24), 20, 20, 4095)
    assert find_writing(burnt).lines
