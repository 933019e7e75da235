"""`xray teach`: make the small weights that the platform ships anew, from sets of images."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from xray_platform.cli.screen import bar, say
from xray_platform.errors import InputError
from xray_platform.progress import Progress

Teacher = Callable[[Sequence[Path], Path | None, int, Progress], Path]
WithoutText = Annotated[
    Path | None,
    typer.Option(help="for `text`: folder of images that you saw to have no burned-in text; it unlearns to find any"),
]


def teach(
    name: Annotated[str, typer.Argument(help="`look` (is it an upright chest), `restorer` or `text`")],
    data: Annotated[list[Path], typer.Argument(help="folders of images, each with a list of files and subjects")],
    out: Annotated[Path | None, typer.Option(help="folder for the weights [default: where the platform looks]")] = None,
    seed: Annotated[int, typer.Option(min=0, help="of all that is drawn at random")] = 0,
    without_text: WithoutText = None,
) -> None:
    """Learn the weights of the quality rules' look, the restorer or the text detector anew; it may take hours."""
    teachers: dict[str, Teacher] = {"look": _look, "restorer": _restorer, "text": partial(_text, bare=without_text)}
    if name not in teachers:
        raise InputError(f"nothing is called {name!r}; there are {', '.join(teachers)}")
    if without_text is not None and name != "text":
        raise InputError(f"--without-text is for `text`; {name} learns nothing from it")
    with bar(f"teaching {name}") as progress:
        written = teachers[name](data, out, seed, progress)
    say(f"wrote {written}")


def _look(data: Sequence[Path], out: Path | None, seed: int, progress: Progress) -> Path:
    # OpenCV and SciPy take a second to import
    from xray_platform.dicom.anatomy.view_classifier import WEIGHTS
    from xray_platform.training.view.train import train_view_classifier

    path = WEIGHTS if out is None else out / WEIGHTS.name
    path.parent.mkdir(parents=True, exist_ok=True)
    train_view_classifier(data, seed, progress).save(path)
    return path


def _restorer(data: Sequence[Path], out: Path | None, seed: int, progress: Progress) -> Path:
    # torch takes seconds to import
    from xray_platform.training.restorer.data import training_images
    from xray_platform.training.restorer.pretrained import FOLDER
    from xray_platform.training.restorer.train import train_restorer
    from xray_platform.training.restorer.training_settings import RestorerTrainingSettings

    settings = RestorerTrainingSettings(seed=seed)
    files = [file for folder in data for file in training_images(folder, settings.images, seed)]
    folder = out or FOLDER
    train_restorer(files, settings, progress).save(folder)
    return folder


def _text(data: Sequence[Path], out: Path | None, seed: int, progress: Progress, *, bare: Path | None = None) -> Path:
    # torch takes seconds to import
    from xray_platform.dicom.burned_in import network, text_verifier
    from xray_platform.training.writing.export import export, export_verifier
    from xray_platform.training.writing.train import (
        WritingTrainingSettings,
        examples_of,
        fit_text_detector,
        make_material,
    )
    from xray_platform.training.writing.verifier_train import VerifierTrainingSettings, train_verifier

    folder = out or network.MODEL.parent
    folder.mkdir(parents=True, exist_ok=True)
    settings = WritingTrainingSettings(seed=seed)
    material = make_material(data, settings, progress, bare)
    detector = fit_text_detector(material, settings, progress)
    verifier = train_verifier(material, detector, VerifierTrainingSettings(seed=seed), progress)
    export(detector, folder / network.MODEL.name, examples_of(material, seed))
    export_verifier(verifier, folder / text_verifier.MODEL.name)
    return folder
