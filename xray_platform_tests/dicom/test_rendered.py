"""Rendered pixels equal dcmtk's on the real files: without window value for value, with the file's window on screen."""

import shutil
import subprocess
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray

from xray_platform.dicom.parse.container import open_container
from xray_platform.dicom.pixels.standard_image import read_picture
from xray_platform.dicom.pixels.window import WindowRule

pytestmark = pytest.mark.skipif(
    shutil.which("dcm2pnm") is None or shutil.which("gdcmconv") is None,
    reason="needs dcmtk and gdcm-tools (apt install dcmtk libgdcm-tools)",
)
UNPACK = {"jpeg": ["dcmdjpeg"], "jpeg-ls": ["dcmdjpls"], "rle": ["dcmdrle"], "jpeg-2000": ["gdcmconv", "-w"]}
FILES = (
    "dicom_cxr/adult_pa_jpeg_lossless.dcm", "dicom_cxr/animal_thorax.dcm", "dicom_cxr/fuji_pa_no_part10_header.dcm",
    "dicom_cxr/nih_effusion.dcm", "dicom_cxr/philips_pa_15bit_j2k.dcm", "dicom_cxr/presidio_pseudo_phi.dcm",
    "dicom_cxr/siim_pa_jpeg.dcm", "odd_dicom/robyoung-data-WG04-RLE-RG3_RLE",
    "odd_dicom/robyoung-data-WG04-JLSL-RG2_JLSL",
    "odd_dicom/fo-dicom-FO-DICOM.Tests-Test_Data-GH064.dcm",
)  # fmt: skip


def native(path: Path, folder: Path) -> Path:
    """Unpack a compressed file with dcmtk's or gdcm's tools."""
    syntax = open_container(path.read_bytes()).syntax
    assert syntax is not None
    if syntax.codec == "native":
        return path
    unpacked = folder / "native.dcm"
    subprocess.run([*UNPACK[syntax.codec], path, unpacked], check=True, capture_output=True)
    return unpacked


def rendered(path: Path, folder: Path, *options: str) -> NDArray[np.int64]:
    """Render with dcm2pnm into a PNG."""
    out = folder / "out.png"
    subprocess.run(["dcm2pnm", *options, path, out], check=True, capture_output=True)
    return np.asarray(imagecodecs.png_decode(out.read_bytes())).astype(np.int64)


@pytest.mark.parametrize("name", FILES)
def test_every_grey_value_is_dcmtks(shared_data: Path, tmp_path: Path, name: str) -> None:
    path = shared_data / name
    picture = read_picture(path.read_bytes())
    ours = picture.turn.inverse().apply(picture.pixels).astype(np.int64)

    theirs = rendered(native(path, tmp_path), tmp_path, "-W", "+on2")

    # dcmtk spreads the range over 16 bits; each of our values must stand for one of its values, in order, evenly.
    partner_of = np.full(1 << 16, -1)
    partner_of[ours] = theirs
    np.testing.assert_array_equal(partner_of[ours], theirs)
    values = np.flatnonzero(partner_of >= 0)
    partners = partner_of[values]
    slope, offset = np.polyfit(values, partners, 1)
    assert slope > 0
    assert np.abs(slope * values + offset - partners).max() < 1


@pytest.mark.parametrize("name", [FILES[1], FILES[2], FILES[4], FILES[5]])
def test_the_recorded_window_shows_what_dcmtk_shows(shared_data: Path, tmp_path: Path, name: str) -> None:
    path = shared_data / name
    picture = read_picture(path.read_bytes(), WindowRule(recorded=True))
    span = picture.window_high - picture.window_low
    shown = np.clip((picture.turn.inverse().apply(picture.pixels) - picture.window_low) / span, 0, 1) * 255

    theirs = rendered(native(path, tmp_path), tmp_path, "+Wi", "1", "+on")

    assert np.abs(shown - theirs).max() <= 1.01
