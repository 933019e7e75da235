"""`xray check`: run the quality rules on any file or folder, storing nothing."""

import json
from pathlib import Path
from typing import Annotated

import typer

from xray_platform.cli.screen import OUT, bar, visible
from xray_platform.errors import InputError


def check(
    path: Annotated[Path, typer.Argument(help="a folder, a zip archive, or one file of any kind")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a file")] = False,
) -> None:
    """Say of every file whether it would be accepted, quarantined or rejected, and why; nothing is stored.

    Ends with 0 once every file was judged, whatever the decisions are, and with 2 where there is nothing to judge.
    """
    from xray_platform.dicom.quality.check import check as checked  # pydicom and OpenCV take a second to import

    judged = 0
    with bar("checking") as progress:
        for found in checked(path, progress=progress):
            judged += 1
            if as_json:
                record = {
                    "file": found.file,
                    "decision": found.decision,
                    "codes": list(found.codes),
                    "reasons": list(found.reasons),
                }
                OUT.print(json.dumps(record), soft_wrap=True, markup=False)
                continue
            why = "; ".join(f"{code} {reason}" for code, reason in zip(found.codes, found.reasons, strict=True))
            line = f"{found.decision:<10} {found.file}" + (f": {why}" if why else "")
            OUT.print(visible(line), soft_wrap=True, markup=False)
    if not judged:
        raise InputError(f"{path} holds no files")
