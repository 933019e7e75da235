"""`xray predict`: judge pictures with a trained model."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from xray_platform.cli.screen import OUT, bar, say, visible
from xray_platform.cli.session import places
from xray_platform.errors import InputError

if TYPE_CHECKING:
    from xray_platform.serving.judge import Judge


def predict(
    paths: Annotated[list[Path], typer.Argument(help="files or folders: DICOM, JPEG or PNG")],
    model: Annotated[str, typer.Option(help="name of a model, or champion")] = "champion",
    bundle: Annotated[Path | None, typer.Option(help="a bundle's folder, instead of a model of this store")] = None,
    digest: Annotated[
        str | None, typer.Option(help="what the bundle must hash to; the MLflow UI shows it as the tag xray.bundle")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a file")] = False,
) -> None:
    """Judge pictures: score, calibrated probability and verdict of each file; a bad file has its error instead.

    Ends with 1 where no file could be judged. This is no medical device.
    """
    from xray_platform.serving.files import judge_files  # torch takes seconds to import, and `--help` must not wait

    judge = _copied(bundle, digest) if bundle else _registered(model, digest)
    for note in judge.notes:
        say(escape(f"Note: {note}."))
    judged = 0
    with bar("reading") as progress:
        for record in judge_files(paths, judge, progress):
            line = record.line()
            judged += "error" not in line
            OUT.print(json.dumps(line) if as_json else visible(_line(line)), soft_wrap=True, markup=False)
    if not judged:
        raise typer.Exit(1)


def _registered(model: str, digest: str | None) -> "Judge":
    """Load a model of this store: MLflow's database says what its bundle must hash to."""
    # see above
    from xray_platform.serving.judge import Judge
    from xray_platform.tracking.experiments import open_tracking
    from xray_platform.tracking.registry import model_bundle

    found = model_bundle(open_tracking(places()), model)
    if digest and digest.lower() != found.id:
        raise InputError(f"the bundle of {model} has the digest {found.id}, not {digest}")
    return Judge.load(found.folder, expected=found.id)


def _copied(bundle: Path, digest: str | None) -> "Judge":
    """Load a bundle that was copied from elsewhere: only who copied it can say what it must hash to."""
    from xray_platform.serving.judge import Judge  # see above

    if digest is None:
        say(
            f"Note: nothing but {escape(str(bundle))} itself vouches for this bundle; its files agree with each other. "
            "Give --digest to know that it is the one that was made."
        )
    return Judge.load(bundle, expected=digest.lower() if digest else None)


def _line(line: dict[str, Any]) -> str:
    if "error" in line:
        return f"{line['file']}: {line['error']}"
    return (
        f"{line['file']}: {line['verdict']}, probability {line['probability']:.3f} "
        f"({line['model']}: score {line['score']:.4g}, threshold {line['threshold']:.4g})"
    )
