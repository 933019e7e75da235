"""`xray deidentify`: de-identify a file or folder, outside of any store."""

from pathlib import Path
from typing import Annotated

import typer

from xray_platform.cli.screen import OUT, bar, complain, say
from xray_platform.errors import InputError


def deidentify(
    source: Annotated[Path | None, typer.Argument(metavar="IN", help="a file or a folder")] = None,
    target: Annotated[
        Path | None, typer.Argument(metavar="OUT", help="a file for a file, a folder for a folder")
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="where the pseudonym key lies [default: the user's own]")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="say in words what each rule does")] = False,
) -> None:
    """Remove identity from DICOM, JPEG or PNG: pseudonyms, moved dates, an allow-list of attributes, masked text.

    What cannot be de-identified surely is not written. Ends with 1 where a file was held back.
    """
    # pydicom and OpenCV take a second to import
    from xray_platform.dicom.deidentify.explain import describe_rules
    from xray_platform.dicom.deidentify.paths import deidentify_path
    from xray_platform.dicom.pseudonym import load_key

    if explain:
        for line in describe_rules():
            OUT.print(line, soft_wrap=True, markup=False)
    if source is None or target is None:
        if explain:
            return
        raise InputError("both IN and OUT are needed; or --explain alone")
    key = load_key(key_file, outside=[source, target])
    written, held = 0, 0
    with bar("de-identifying") as progress:
        for result in deidentify_path(source, target, key, progress=progress):
            written += result.written is not None
            if result.written is None:
                held += 1
                complain(f"file {result.number} was held back ({result.decision}): {result.rule} {result.reason}")
    say(f"{written} written, {held} held back (numbers count the files of IN in the order of their names)")
    if held or not written:
        raise typer.Exit(1)
