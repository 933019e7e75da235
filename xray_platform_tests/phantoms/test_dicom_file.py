"""A phantom on disk is a valid DX or CR image that any reader understands, in whatever form it was written."""

import io
import itertools
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from xray_platform.errors import InputError
from xray_platform.phantoms.dicom_file import dicom_bytes
from xray_platform.phantoms.identity import Identity, sample_identity, sample_patient
from xray_platform.phantoms.phantom import Phantom
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom
from xray_platform.phantoms.style import ORIENTATIONS, TRANSFER_SYNTAXES, Modality, Photometric, Style, oriented

KINDS: list[tuple[Modality, Photometric]] = list(itertools.product(("DX", "CR"), ("MONOCHROME1", "MONOCHROME2")))


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return render(sample_phantom(np.random.default_rng(1), PhantomSettings(side=96)))


@pytest.fixture(scope="module")
def identity() -> Identity:
    rng = np.random.default_rng(2)
    subject = sample_phantom(rng).subject
    return sample_identity(rng, sample_patient(rng, subject), "PA")


@pytest.mark.parametrize("syntax", TRANSFER_SYNTAXES, ids=lambda uid: UID(uid).keyword)
@pytest.mark.parametrize(("modality", "photometric"), KINDS)
def test_what_was_written_is_read_back_to_the_last_bit(
    phantom: Phantom, identity: Identity, syntax: str, modality: Modality, photometric: Photometric
) -> None:
    style = Style(modality=modality, photometric=photometric, transfer_syntax=str(syntax), orientation=("H", "R"))
    dataset = dcmread(io.BytesIO(dicom_bytes(phantom, identity, style)))
    stored = dataset.pixel_array
    expected = oriented(phantom.pixels, ("H", "R"))
    assert np.array_equal(4095 - stored if photometric == "MONOCHROME1" else stored, expected)
    assert (dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit) == (16, 12, 11)
    assert dataset.file_meta.TransferSyntaxUID == syntax
    assert dataset.Modality == modality


@pytest.mark.parametrize(("modality", "photometric"), KINDS)
@pytest.mark.parametrize("view", ["PA", "AP"])
def test_the_standards_own_checker_finds_no_error(
    phantom: Phantom, identity: Identity, tmp_path: Path, modality: Modality, photometric: Photometric, view: str
) -> None:
    if not shutil.which("dciodvfy"):
        pytest.skip("dciodvfy is not installed (Debian package dicom3tools)")
    for syntax in TRANSFER_SYNTAXES:
        if syntax == DeflatedExplicitVRLittleEndian:
            continue  # this build of dciodvfy cannot inflate; the data set is the same as the explicit one
        style = Style(modality, photometric, str(syntax), ("F", "L"), view=view, private_block=True)  # type: ignore[arg-type]
        path = tmp_path / "picture.dcm"
        path.write_bytes(dicom_bytes(phantom, identity, style))
        said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False, errors="replace")
        assert "Error" not in said.stdout + said.stderr, UID(syntax).name
        assert "DXImageForPresentation" in said.stderr or "CRImage" in said.stderr


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_orientation_tag_tells_the_truth(
    phantom: Phantom, identity: Identity, orientation: tuple[str, str]
) -> None:
    """Walking along a row or down a column of the stored picture goes where PatientOrientation says."""
    dataset = dcmread(io.BytesIO(dicom_bytes(phantom, identity, Style(orientation=orientation))))
    stored, upright = dataset.pixel_array, phantom.pixels
    assert list(dataset.PatientOrientation) == list(orientation)
    ends = {"F": (upright.shape[0] - 1, None), "H": (0, None), "L": (None, upright.shape[1] - 1), "R": (None, 0)}
    row = {axis: value for axis, value in zip("rc", ends[orientation[0]], strict=True) if value is not None}
    row |= {axis: value for axis, value in zip("rc", ends[orientation[1]], strict=True) if value is not None}
    assert stored[-1, -1] == upright[row["r"], row["c"]]  # the last stored pixel lies at both ends


@given(
    rows=st.integers(1, 5),
    columns=st.integers(1, 5),
    orientation=st.sampled_from(list(ORIENTATIONS)),
    seed=st.integers(),
)
@settings(deadline=None)
def test_an_orientation_moves_pixels_and_loses_none(
    rows: int, columns: int, orientation: tuple[str, str], seed: int
) -> None:
    pixels = np.random.default_rng(abs(seed)).integers(0, 4096, (rows, columns)).astype(np.uint16)
    turned = oriented(pixels, orientation)
    assert sorted(turned.ravel()) == sorted(pixels.ravel())
    assert turned.shape == (pixels.T.shape if orientation[0] in "FH" else pixels.shape)


def test_the_header_is_full_of_identity(phantom: Phantom, identity: Identity) -> None:
    data = dicom_bytes(phantom, identity, Style(private_block=True, vendor="Northlight Imaging"))
    dataset = dcmread(io.BytesIO(data))
    assert str(dataset.PatientName) == identity.patient.name
    values = [str(element.value) for element in _every_element(dataset)]
    family = identity.patient.name.split("^")[0]
    assert sum(family in value for value in values) >= 3  # name, comment, private block
    assert sum(identity.accession in value for value in values) == 2
    for planted in (identity.patient.address, identity.patient.telephone, identity.patient.other_id, identity.station):
        assert any(planted in value for value in values)
    assert any(element.tag.is_private for element in dataset)


def test_sex_and_age_are_those_of_the_subject() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        subject = sample_phantom(rng).subject
        identity = sample_identity(rng, sample_patient(rng, subject), "PA")
        assert identity.patient.sex == subject.sex
        assert abs(identity.age_years - subject.age_years) <= 1
        assert identity.patient.birth_date < identity.study_date


def test_the_same_three_values_give_the_same_bytes(phantom: Phantom, identity: Identity) -> None:
    for syntax in TRANSFER_SYNTAXES:
        style = Style(transfer_syntax=str(syntax))
        assert dicom_bytes(phantom, identity, style) == dicom_bytes(phantom, identity, style)


def test_a_foreign_transfer_syntax_is_refused_with_those_that_are_known(phantom: Phantom, identity: Identity) -> None:
    with pytest.raises(InputError, match=r"1\.2\.3 ; allowed|1\.2\.3; allowed: Explicit VR Little Endian"):
        dicom_bytes(phantom, identity, Style(transfer_syntax="1.2.3"))
    assert ExplicitVRLittleEndian in TRANSFER_SYNTAXES


def _every_element(dataset: Dataset) -> Iterator:  # type: ignore[type-arg]
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from _every_element(item)
        elif element.keyword != "PixelData":
            yield element
