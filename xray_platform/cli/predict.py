"""`xray predict`: judge pictures with a trained model."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from xray_platform.cli.screen import OUT, bar, visible
from xray_platform.cli.session import places


def predict(
    paths: Annotated[list[Path], typer.Argument(help="files or folders: DICOM, JPEG or PNG")],
    model: Annotated[str, typer.Option(help="name of a model, or champion")] = "champion",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a file")] = False,
) -> None:
    """Judge pictures: score, calibrated probability and verdict of each file; a bad file has its error instead.

    Ends with 1 where no file could be judged. This is no medical device.
    """
    # MLflow and torch take seconds to import, and `--help` must not wait for them
    from xray_platform.serving.files import judge_files
    from xray_platform.serving.judge import Judge
    from xray_platform.tracking.experiments import open_tracking
    from xray_platform.tracking.registry import model_folder

    judge = Judge.load(model_folder(open_tracking(places()), model))
    judged = 0
    with bar("reading") as progress:
        for record in judge_files(paths, judge, progress):
            line = record.line()
            judged += "error" not in line
            OUT.print(json.dumps(line) if as_json else visible(_line(line)), soft_wrap=True, markup=False)
    if not judged:
        raise typer.Exit(1)


def _line(line: dict[str, Any]) -> str:
    if "error" in line:
        return f"{line['file']}: {line['error']}"
    return (
        f"{line['file']}: {line['verdict']}, probability {line['probability']:.3f} "
        f"({line['model']}: score {line['score']:.4g}, threshold {line['threshold']:.4g})"
    )
