"""Marks: the attributes that say that a file was de-identified, and by which methods (PS3.15 annex E, CID 7050)."""

from xray_platform.dicom.deidentify.encode import Written, encode_items
from xray_platform.dicom.intake.own_output import OWN_METHOD

_SCHEME = b"DCM"
_CODES = (
    (b"113100", b"Basic Application Confidentiality Profile"),
    (b"113101", b"Clean Pixel Data Option"),
    (b"113105", b"Clean Descriptors Option"),
    (b"113107", b"Retain Longitudinal Temporal Information Modified Dates Option"),
    (b"113108", b"Retain Patient Characteristics Option"),
)
_METHOD_CODES = encode_items(
    (Written(0x00080100, "SH", code), Written(0x00080102, "SH", _SCHEME), Written(0x00080104, "LO", meaning))
    for code, meaning in _CODES
)


def marks(policy: str, key: str, text_method: str) -> dict[int, Written]:
    """Return the attributes by tag; `policy` and `key` are ids, `text_method` says what was done about text."""
    method = f"{OWN_METHOD}\\policy {policy}\\key {key}\\{text_method}"
    written = (
        Written(0x00120062, "CS", b"YES"),
        Written(0x00120063, "LO", method.encode()),
        Written(0x00120064, "SQ", _METHOD_CODES),
        Written(0x00280301, "CS", b"NO"),
        Written(0x00280303, "CS", b"MODIFIED"),
    )
    return {element.tag: element for element in written}
