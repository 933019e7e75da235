"""Oracles: what programs that others wrote say of de-identified files; skipped where they are not installed."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from xray_platform.dicom.deidentify.engine import deidentify
from xray_platform.dicom.deidentify.person import GivenIdentity
from xray_platform_tests.dicom.deidentify.making import CR, DX, KEY, PAINTED, coded, encoded, make

SOMEBODY = GivenIdentity(subject="somebody")
REAL = ("adult_pa_jpeg_lossless", "animal_thorax", "fuji_pa_no_part10_header", "nih_effusion", "nih_no_finding",
        "philips_pa_15bit_j2k", "presidio_pseudo_phi", "siim_pa_jpeg")  # fmt: skip
CHECKER = shutil.which("dciodvfy")
READER = shutil.which("tesseract")
needs_checker = pytest.mark.skipif(CHECKER is None, reason="dciodvfy (apt: dicom3tools) is not installed")


def errors(file: Path) -> set[str]:
    said = subprocess.run([CHECKER or "", file], capture_output=True, check=False)
    lines = (said.stdout + said.stderr).decode("latin-1").splitlines()
    return {re.sub(r"<[0-9.]+>", "<UID>", line) for line in lines if line.startswith("Error")}


def new_errors(source: bytes, folder: Path) -> set[str]:
    (folder / "before.dcm").write_bytes(source)
    (folder / "after.dcm").write_bytes(deidentify(source, KEY, SOMEBODY, PAINTED).data)
    return errors(folder / "after.dcm") - errors(folder / "before.dcm")


@needs_checker
@pytest.mark.parametrize("name", REAL)
def test_a_real_file_gets_no_new_error(name: str, shared_data: Path, tmp_path: Path) -> None:
    assert new_errors((shared_data / "dicom_cxr" / f"{name}.dcm").read_bytes(), tmp_path) == set()


@needs_checker
@pytest.mark.parametrize("sop_class", [CR, DX], ids=["CR", "DX"])
@pytest.mark.parametrize("changed", [
    {},
    {"ContrastBolusAgent": "Iopamidol for Jane Doe", "DetectorID": "SN 1234567890123"},
    {"Manufacturer": "Nobody knows them", "BodyPartExamined": "CHEST OF DOE", "ViewPosition": "XYZ"},
    {"CollimatorShape": "RECTANGULAR", "CollimatorLeftVerticalEdge": "1", "CollimatorRightVerticalEdge": "60",
     "CollimatorUpperHorizontalEdge": "1", "CollimatorLowerHorizontalEdge": "60"},
    {"AcquisitionDateTime": "20150612101112.123456+0200", "SeriesDate": "20150612", "SeriesTime": "101112.1"},
    {"PixelSpacingCalibrationType": "GEOMETRY", "PixelSpacingCalibrationDescription": "by Jane Doe"},
    {"BurnedInAnnotation": None, "PatientAge": "104Y", "LossyImageCompression": "01",
     "LossyImageCompressionRatio": "10", "LossyImageCompressionMethod": "ISO_15444_1"},
], ids=range(7))  # fmt: skip
def test_a_made_file_gets_no_new_error(sop_class: str, changed: dict[str, Any], tmp_path: Path) -> None:
    assert new_errors(encoded(make(sop_class=sop_class, **changed)), tmp_path) == set()


@needs_checker
def test_references_and_look_up_tables_get_no_new_error(tmp_path: Path) -> None:
    reference, table = Dataset(), Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = CR, "1.2.3.4567.9"
    reference.PurposeOfReferenceCodeSequence = [coded("121320", "DCM", "Uncompressed predecessor of Doe")]
    table.LUTDescriptor, table.LUTExplanation = [256, 0, 16], "by Jane Doe"
    table.LUTData = np.arange(256, dtype="<u2").tobytes()
    table["LUTData"].VR, table["LUTDescriptor"].VR = "OW", "US"
    made = make(sop_class=DX, SourceImageSequence=[reference], VOILUTSequence=[table])
    assert new_errors(encoded(made), tmp_path) == set()
    clean = pydicom.dcmread(tmp_path / "after.dcm")
    assert clean.VOILUTSequence[0].LUTData == table.LUTData
    assert clean.SourceImageSequence[0].ReferencedSOPInstanceUID == KEY.uid("1.2.3.4567.9")
    assert clean.SourceImageSequence[0].PurposeOfReferenceCodeSequence[0].CodeMeaning == "Uncompressed predecessor"


def test_no_planted_word_of_the_public_sample_is_left_in_the_header(shared_data: Path) -> None:
    source = (shared_data / "dicom_cxr" / "presidio_pseudo_phi.dcm").read_bytes()
    clean = deidentify(source, KEY, settings=PAINTED).parts[0].upper()
    planted = ("DAVIDSON", "DOUGLAS", "HUGHES", "KATHLEEN", "BROWN", "PETER", "SCOTT", "MICHAEL", "SARAHVIEW", "56560",
               "GREEN INLET", "JEFFREYLAND", "292821506", "20130714E864535", "E864535", "20130713", "19760616",
               "87009668", "POSDA", "SECTRA", "FDMS", "112784503178059210578740147414000844278")  # fmt: skip
    assert [word for word in planted if word.encode() in clean] == []
    assert [word for word in planted if word.encode() in source.upper()] == [*planted]


@pytest.mark.skipif(READER is None, reason="tesseract is not installed; the product does without it")
def test_no_word_is_left_in_the_pixels_of_the_public_sample(shared_data: Path, tmp_path: Path) -> None:
    source = (shared_data / "dicom_cxr" / "presidio_pseudo_phi.dcm").read_bytes()
    assert {"DAVIDSON", "DOUGLAS", "PORTABLE"} <= words_read(source, tmp_path)
    left = words_read(deidentify(source, KEY, settings=PAINTED).data, tmp_path)
    assert not {word for word in left if len(word) > 3}


def words_read(data: bytes, folder: Path) -> set[str]:
    """What an optical reader finds in the upper tenth of a picture, as it is and with its darkest grey alone."""
    (folder / "read.dcm").write_bytes(data)
    pixels = pydicom.dcmread(folder / "read.dcm").pixel_array
    grey = np.clip(pixels / max(int(pixels.max()), 1) * 255, 0, 255).astype(np.uint8)[: pixels.shape[0] // 10]
    found = ""
    for picture in (grey, np.where(grey > 8, 255, 0).astype(np.uint8)):
        framed = cv2.copyMakeBorder(picture, 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=(255, 255, 255, 255))
        cv2.imwrite(str(folder / "read.png"), framed)
        found += subprocess.run(
            [READER or "", folder / "read.png", "-", "--psm", "11"], capture_output=True, text=True, check=True
        ).stdout
    return set(re.findall(r"[A-Z0-9]+", found.upper()))
