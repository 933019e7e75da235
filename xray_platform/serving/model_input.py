"""Model input: made of the bytes of a file, or a reason why not. Knows no model and no torch."""

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from xray_platform.dicom.pixels.decode import UndecodableError
from xray_platform.dicom.pixels.standard_image import StandardImage
from xray_platform.dicom.quality.examination import Examination, examine_and_decode
from xray_platform.dicom.quality.inspected_file import standard_image_of
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.dicom.standard.standard_job import StandardSettings
from xray_platform.errors import InputError
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.store.rounding import as_model_input, from_storage, to_storage
from xray_platform.serving.heatmap_picture import Placement

MEBI = 1024**2


@dataclass(frozen=True)
class ModelInput:
    """A picture as a model takes it: `pixels` (S, S) float32 in [0, 1], and what is odd about it, in words.

    `quarantine` are those of the `warnings` for which an intake would put the picture into quarantine. `placement` is
    where the pixels lie in the picture as it came.
    """

    pixels: npt.NDArray[np.float32]
    warnings: tuple[str, ...] = ()
    quarantine: tuple[str, ...] = ()
    placement: Placement | None = None


@dataclass(frozen=True)
class Refusal:
    """Why there is no model input of a file."""

    reason: str


@dataclass(frozen=True)
class ReadingTask:
    """One file to read, and how; small enough to be sent to a child process."""

    path: Path
    recipe: Recipe
    standard: StandardSettings = field(default_factory=StandardSettings)
    quality: QualitySettings = field(default_factory=QualitySettings)


def prepare(data: bytes, recipe: Recipe, standard: StandardSettings, quality: QualitySettings) -> ModelInput:
    """Return the picture in `data` (DICOM, JPEG or PNG) as the recipe makes it from its standard image.

    Raises InputError with the reasons where the quality rules reject it. A picture that they would only put into
    quarantine is taken, with a warning.
    """
    return prepare_with_image(data, recipe, standard, quality)[0]


def prepare_with_image(
    data: bytes, recipe: Recipe, standard: StandardSettings, quality: QualitySettings
) -> tuple[ModelInput, StandardImage]:
    """Do as `prepare` does, and return the standard image too, for whoever wants to show it."""
    examination, opened = examine_and_decode(data, quality, duplicate_keys=False)
    if examination.decision == "reject":
        raise InputError("; ".join(_findings(examination, "reject")) or "rejected by the quality rules")
    try:
        picture = standard_image_of(opened, standard.rule)  # decoded once, for the quality rules and for this
    except UndecodableError as error:
        raise InputError(f"not a readable picture: {error}") from error
    trace = recipe.trace(picture.pixels, window=(picture.window_low, picture.window_high))
    stored = to_storage(trace.pixels, recipe.gives)  # so that serving sees what training saw
    rows, columns = picture.pixels.shape
    made = ModelInput(
        as_model_input(from_storage(stored), recipe.gives),
        _findings(examination, "quarantine", "warn"),
        _findings(examination, "quarantine"),
        Placement(trace.origin, rows, columns, picture.turn),
    )
    return made, picture


def read_file(task: ReadingTask) -> ModelInput | Refusal:
    """Do one task in a child process; what is wrong with the file becomes a refusal."""
    cv2.setNumThreads(1)
    try:
        size, most = task.path.stat().st_size, task.quality.max_file_mib
        if size > most * MEBI:
            return Refusal(f"the file has {size} bytes; {most} MiB are allowed")
        return prepare(task.path.read_bytes(), task.recipe, task.standard, task.quality)
    except InputError as error:
        return Refusal(str(error))
    except OSError as error:
        return Refusal(f"cannot be read: {error.strerror or error}")


def _findings(examination: Examination, *severities: str) -> tuple[str, ...]:
    return tuple(f"{found.rule}: {found.evidence}" for found in examination.findings if found.severity in severities)
