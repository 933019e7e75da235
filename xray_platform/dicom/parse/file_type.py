"""File type: tell from the first bytes what kind of file this is, whatever its name says."""

from typing import Literal

FileType = Literal["empty", "dicom", "jpeg", "png", "zip", "gzip", "other", "unread"]

_SIGNATURES: tuple[tuple[bytes, FileType], ...] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
)
_FIRST_GROUPS = (b"\x02\x00", b"\x08\x00", b"\x00\x08")
HEAD_BYTES = 132


def file_type_of(head: bytes) -> FileType:
    """Return the type of a file from its first bytes (at least 132 of them, or the whole of a shorter file).

    `dicom` takes in files without the Part-10 preamble, which begin with group 0002 or 0008; whether they really are
    DICOM only scanning them can say. The magic word of DICOM (PS3.10 section 7.1) goes before all other
    signatures, so that a preamble which looks like a program or a picture does not hide it.
    """
    if not head:
        return "empty"
    if head[128:132] == b"DICM" or head[:4] == b"DICM":
        return "dicom"
    for signature, file_type in _SIGNATURES:
        if head.startswith(signature):
            return file_type
    return "dicom" if head[:2] in _FIRST_GROUPS and len(head) >= 8 else "other"
