"""Own output: what the platform wrote itself, and what of it is no picture, when it is handed in again."""

import re
from pathlib import Path, PurePosixPath

from xray_platform.dicom.intake.sources import SourceFile

OWN_METHOD = "XRAY-PLATFORM allow-list"
"""How De-identification Method (0012,0063) begins in what this platform wrote."""
HEAD_BYTES = 16 * 1024  # the mark stands in group 0012, before anything long
REPORT = re.compile(r"[0-9a-f]{16}\.txt")


def is_report(file: SourceFile) -> bool:
    """Say whether a file is a log that says why a picture was not published (`rejected/<image>.txt`)."""
    path = PurePosixPath(file.relative)
    if file.member is not None or path.parent.name != "rejected" or not REPORT.fullmatch(path.name):
        return False
    try:
        with file.path.open("rb") as stream:
            return stream.read(HEAD_BYTES).startswith(f"picture {path.stem} of batch-".encode())
    except OSError:
        return False


def deidentified_before(file: Path) -> bool:
    """Say whether a DICOM file states that this platform has de-identified it; one that cannot be read does not."""
    try:
        with file.open("rb") as stream:
            return OWN_METHOD.encode() in stream.read(HEAD_BYTES)
    except OSError:
        return False
