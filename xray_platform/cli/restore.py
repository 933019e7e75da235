"""`xray restore`: mend damaged images."""

from pathlib import Path
from typing import Annotated

import typer

from xray_platform.cli.screen import OUT, bar, say, visible


def restore(
    source: Annotated[Path, typer.Argument(metavar="IN_DIR", help="folder with damaged images")],
    target: Annotated[Path, typer.Argument(metavar="OUT_DIR", help="folder for one grey PNG an image")],
    explain: Annotated[
        bool, typer.Option("--explain", help="say what was found in each image and what was done")
    ] = False,
    classical: Annotated[
        bool,
        typer.Option("--classical", help="invert false colours by classical means alone, without the learnt restorer"),
    ] = False,
) -> None:
    """Mend false colour, noise, missing regions and warp; a sound image passes unchanged.

    Writes a contact sheet, before above after, to OUT_DIR/contact_sheet.jpg. Ends with 1 where a image has no result.
    """
    # OpenCV, SciPy and torch take seconds to import
    import cv2

    from xray_platform.imaging.repair.before_after_sheet import folder_sheet
    from xray_platform.imaging.repair.folder import restore_folder
    from xray_platform.training.restorer.pretrained import pretrained_restorer

    with bar("restoring") as progress:
        learnt = None if classical else pretrained_restorer()
        rows = restore_folder(source, target, progress=progress, learnt=learnt)
    for row in rows:
        if row.out is None:
            OUT.print(visible(f"{row.file}: no result: {row.reason}"), soft_wrap=True, markup=False)
        elif explain:
            told = "; ".join([*row.findings, *row.done]) or "sound, unchanged"
            OUT.print(visible(f"{row.file}: {told}"), soft_wrap=True, markup=False)
    cv2.imwrite(str(target / "contact_sheet.jpg"), folder_sheet(source, rows)[..., ::-1])
    lost = sum(row.out is None for row in rows)
    say(f"{len(rows) - lost} restored, {sum(row.changed for row in rows)} of them changed, {lost} without a result")
    if lost:
        raise typer.Exit(1)
