"""Each fault breaks a sound file in just the way that its name says."""

import io

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from xray_platform.errors import InputError
from xray_platform.phantoms.broken import BROKEN, broken_bytes
from xray_platform.phantoms.dicom_file import dicom_bytes
from xray_platform.phantoms.plan import plan_spare
from xray_platform.phantoms.render import render


@pytest.fixture(scope="module")
def sound() -> bytes:
    spare = plan_spare(1, 64, seed=3)
    return dicom_bytes(render(spare.parameters), spare.identity, spare.style)


def test_each_fault_gives_other_bytes_and_the_same_ones_twice(sound: bytes) -> None:
    broken = {name: broken_bytes(name, sound) for name in BROKEN}
    assert len({*broken.values(), sound}) == len(BROKEN) + 1
    assert broken == {name: broken_bytes(name, sound) for name in BROKEN}


@pytest.mark.parametrize("name", ["zero_byte", "text_file", "not_dicom"])
def test_what_is_not_dicom_is_refused(sound: bytes, name: str) -> None:
    with pytest.raises((InvalidDicomError, EOFError)):
        dcmread(io.BytesIO(broken_bytes(name, sound)))


@pytest.mark.parametrize("name", ["header_cut", "pixels_cut", "no_pixels", "bits_beyond_allocated", "rows_too_many"])
def test_what_has_no_whole_picture_cannot_be_decoded(sound: bytes, name: str) -> None:
    dataset = dcmread(io.BytesIO(broken_bytes(name, sound)))
    with pytest.raises((AttributeError, ValueError)):
        _ = dataset.pixel_array


def test_a_blank_picture_decodes_to_one_grey(sound: bytes) -> None:
    assert len(np.unique(dcmread(io.BytesIO(broken_bytes("blank", sound))).pixel_array)) == 1


def test_nobody_has_no_number(sound: bytes) -> None:
    dataset = dcmread(io.BytesIO(broken_bytes("no_patient_id", sound)))
    assert dataset.PatientID == ""
    assert dataset.pixel_array.std() > 0


def test_the_wrong_part_and_the_wrong_view_say_so(sound: bytes) -> None:
    assert dcmread(io.BytesIO(broken_bytes("lateral_view", sound))).ViewPosition == "LL"
    assert dcmread(io.BytesIO(broken_bytes("other_body_part", sound))).BodyPartExamined == "HAND"


def test_edited_files_are_instances_of_their_own(sound: bytes) -> None:
    uids = [dcmread(io.BytesIO(broken_bytes(name, sound))).SOPInstanceUID for name in ("blank", "no_patient_id")]
    assert len({*uids, dcmread(io.BytesIO(sound)).SOPInstanceUID}) == 3


def test_an_unknown_fault_is_refused_with_those_that_are_known(sound: bytes) -> None:
    with pytest.raises(InputError, match=r"'flood'; allowed: zero_byte, header_cut"):
        broken_bytes("flood", sound)
