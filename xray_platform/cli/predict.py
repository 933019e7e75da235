"""`xray predict`: judge images with a trained model."""

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xray_platform.cli.said import said_of
from xray_platform.cli.screen import OUT, bar, say, visible
from xray_platform.cli.session import existing_store, places
from xray_platform.errors import InputError, StoreError

if TYPE_CHECKING:
    from xray_platform.serving.heatmap_picture import HeatmapPicture
    from xray_platform.serving.predict import Predictor
    from xray_platform.serving.reference import Unfamiliar

CHAMPION = "champion"
CHILDREN_IMPORT = ("__main__", "xray_platform.serving.model_input")


def predict(
    paths: Annotated[list[Path], typer.Argument(help="files or folders: DICOM, JPEG or PNG")],
    model: Annotated[str, typer.Option(help="name of a model, or champion")] = CHAMPION,
    bundle: Annotated[Path | None, typer.Option(help="a bundle's folder, instead of a model of this store")] = None,
    digest: Annotated[
        str | None, typer.Option(help="what the bundle must hash to; the MLflow UI shows it as the tag xray.bundle")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a file")] = False,
    refuse_unfamiliar: Annotated[
        bool, typer.Option("--refuse-unfamiliar", help="do not judge an image unlike all that the model learnt from")
    ] = False,
    heatmap: Annotated[
        Path | None, typer.Option(help="write a heat map of each image into this folder, as PNG of the image's size")
    ] = None,
    words: Annotated[
        Path | None,
        typer.Option(help="JSON file with other advice, or words in another language, as of `xray serve --words`"),
    ] = None,
    age: Annotated[
        str | None,
        typer.Option(
            help="age at the study, of all files: years from 0 to below 150, or as DICOM writes it (006M), where the "
            "header states none"
        ),
    ] = None,
    sex: Annotated[str | None, typer.Option(help="sex, likewise: M, F, O")] = None,
    view: Annotated[
        str | None,
        typer.Option(help="view position, likewise: AP, PA, LL, RL, RLD, LLD, RLO, LLO, LAT, LATERAL"),
    ] = None,
    clinical: Annotated[
        Path | None,
        typer.Option(help="CSV: file,age,sex,view, of each file its own; any of the three may be missing or empty"),
    ] = None,
) -> None:
    """Judge images: score, calibrated probability and verdict of each file; a bad file has its error instead.

    Below a verdict stands how unsure it is, a careful advice (never a diagnosis), what is odd about the image, and
    whether quality would put it into quarantine: then it is unlike what the model learnt from. Ends with 1 where no
    file could be judged. A model that takes clinical columns reads age, sex and view from the header of a DICOM file;
    what that does not state can be said, and what it states counts before what is said. This is no medical device.
    """
    from xray_platform.serving.listing import check_paths  # light, but not needed for `--help`
    from xray_platform.workers import start_ahead

    _check_options(model, bundle, digest)
    check_paths(paths)
    files, told = said_of(paths, {"age": age, "sex": sex, "view": view}, clinical)
    if heatmap is not None:
        _make_folder(heatmap)
    start_ahead(CHILDREN_IMPORT)
    predictor = _copied(bundle, digest) if bundle else _registered(model, digest)[0]
    from xray_platform.serving.files import predict_files  # torch takes seconds to import, and `--help` must not wait
    from xray_platform.serving.prediction import PredictedFile
    from xray_platform.serving.result_words import result_words
    from xray_platform.serving.room.words import read_words
    from xray_platform.serving.said_facts import unused

    said, facts = read_words(words), predictor.facts
    for note in (*predictor.notes, *unused(told.values(), facts.model, facts.clinical_columns)):
        say(f"Note: {note}.")
    judged, heatmaps = 0, heatmap is not None
    unfamiliar: Unfamiliar = "refuse" if refuse_unfamiliar else "warn"
    with bar("reading") as progress:
        for record in predict_files(files, predictor, progress, heatmaps=heatmaps, unfamiliar=unfamiliar, said=told):
            line, text = record.as_json(), record.as_text()
            judged += "error" not in line
            if isinstance(record, PredictedFile):
                meant = result_words(record.prediction, said)
                line |= meant
                text = [text[0], f"  uncertainty {meant['uncertainty_words']}", f"  {meant['advice']}", *text[1:]]
            if heatmap is not None and isinstance(record, PredictedFile) and record.heatmap is not None:
                written = _write_heatmap(heatmap, record.file, record.heatmap)
                line, text = {**line, "heatmap": written}, [*text, f"  heat map: {written['file']}"]
            shown = [json.dumps(line)] if as_json else [visible(one) for one in text]
            OUT.print("\n".join(shown), soft_wrap=True, markup=False)
    if not judged:
        raise typer.Exit(1)


def _check_options(model: str, bundle: Path | None, digest: str | None) -> None:
    if digest is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
        raise InputError(f"--digest {digest!r} is no SHA-256; 64 hexadecimal digits are allowed")
    if bundle is not None and model != CHAMPION:
        raise InputError(f"--model {model} and --bundle {bundle}: give one of the two")
    if bundle is not None and not bundle.is_dir():
        raise InputError(f"there is no bundle {bundle}; a folder with bundle.json is allowed")


def registered_predictor() -> "tuple[Predictor, str, str, str]":
    """Return the champion's predictor, with its name, its version in the registry and the digest of its bundle."""
    predictor, version, held = _registered(CHAMPION)
    return predictor, predictor.facts.model, version, held


def _registered(model: str, digest: str | None = None) -> "tuple[Predictor, str, str]":
    """Load a model of this store, and return it with its version and digest: MLflow says what it must hash to."""
    from xray_platform.serving.predict import Predictor  # see above
    from xray_platform.tracking.registry_file import registered_bundle

    found = registered_bundle(places(), model)
    folder, held, version = (found.folder, found.id, found.version) if found else (*_asked(model), "")
    if digest and digest.lower() != held:
        raise StoreError(f"the bundle of {model} has the digest {held}, not {digest}")
    return Predictor.load(folder, expected=held), version or held[:8], held


def _asked(model: str) -> tuple[Path, str]:
    """Ask MLflow itself, which takes longer, and says what is wrong."""
    # MLflow takes two seconds to import
    from xray_platform.tracking.mlflow_store import open_tracking
    from xray_platform.tracking.registry import model_bundle, model_names

    if not os.environ.get("MLFLOW_TRACKING_URI"):
        existing_store()
    tracking = open_tracking(places())
    if model != CHAMPION and model not in (names := model_names(tracking)):
        known = ", ".join([CHAMPION, *names]) if names else "none is trained yet"
        raise InputError(f"there is no model {model!r}; there are: {known}")
    bundle = model_bundle(tracking, model)
    return bundle.folder, bundle.id


def _copied(bundle: Path, digest: str | None) -> "Predictor":
    """Load a bundle that was copied from elsewhere: only who copied it can say what it must hash to."""
    from xray_platform.serving.predict import Predictor  # see above

    if digest is None:
        say(
            f"Note: nothing but {bundle} itself vouches for this bundle; its files agree with each other. "
            "Give --digest to know that it is the one that was made."
        )
    return Predictor.load(bundle, expected=digest.lower() if digest else None)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--heatmap {folder}: {error.strerror or error}; a folder is allowed") from error


def _write_heatmap(folder: Path, file: str, heatmap: "HeatmapPicture") -> dict[str, object]:
    """Write a heat map under the name of its file, numbered where that is taken; return what to say of it."""
    number, stem = 1, Path(file).stem or "image"
    while (path := folder / (f"{stem}.png" if number == 1 else f"{stem}_{number}.png")).exists():
        number += 1
    try:
        path.write_bytes(heatmap.png)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
    return {"file": str(path), "low": heatmap.scale.low, "high": heatmap.scale.high}
