"""The form of a file is told from its bytes, not its name."""

import pytest

from xray_platform.dicom.parse.file_type import form_of
from xray_platform_tests.dicom import made


@pytest.mark.parametrize(
    ("head", "form"),
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
def test_tells_the_form(head: bytes, form: str) -> None:
    assert form_of(head) == form


def test_a_picture_in_the_preamble_does_not_hide_dicom() -> None:
    assert form_of(b"\xff\xd8\xff".ljust(128, b"\0") + made.file()[128:]) == "dicom"
