"""The type of a file is known from its bytes, not its name."""

import pytest

from xray_platform.dicom.parse.file_type import file_type_of
from xray_platform_tests.dicom import made


@pytest.mark.parametrize(
    ("head", "file_type"),
    [
        (b"", "empty"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"PK\x03\x04", "zip"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"file,label\n", "other"),
        (b"\x08\x00\x05\x00CS\x0a\x00", "dicom"),
        (b"DICM\x02\x00", "dicom"),
    ],
)
def test_the_type_is_known(head: bytes, file_type: str) -> None:
    assert file_type_of(head) == file_type


def test_a_picture_in_the_preamble_does_not_hide_dicom() -> None:
    assert file_type_of(b"\xff\xd8\xff".ljust(128, b"\0") + made.file()[128:]) == "dicom"
