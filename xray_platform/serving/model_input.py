"""Model input: made of the bytes of a file, or a reason why not. Knows no model and no torch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xray_platform.clinical_columns import ClinicalFacts, encode, with_values
from xray_platform.dicom.parse.clinical_facts import clinical_facts
from xray_platform.dicom.pixels.decode import UndecodableError
from xray_platform.dicom.pixels.standard_image import StandardImage
from xray_platform.dicom.quality.examination import Examination, examine_and_decode
from xray_platform.dicom.quality.inspected_file import standard_image_of
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.dicom.standard.standard_job import StandardSettings
from xray_platform.errors import InputError
from xray_platform.image_stack import pack_views
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.store.rounding import as_model_input, from_storage, to_storage
from xray_platform.serving.heatmap_picture import Placement


@dataclass(frozen=True)
class ModelInput:
    """A picture as a model takes it: `pixels` (S, S) float32 in [0, 1], and what is odd about it, in words.

    For an ensemble whose parts read several recipes they are (views, S, S), as `pack_views` packs them; for a model
    that takes clinical columns (2, S, S), see `clinical_columns.py`.

    `quarantine` are those of the `warnings` for which an intake would put the picture into quarantine. `placement` is
    where the pixels (of the first view) lie in the picture as it came.
    """

    pixels: npt.NDArray[np.float32]
    warnings: tuple[str, ...] = ()
    quarantine: tuple[str, ...] = ()
    placement: Placement | None = None


@dataclass(frozen=True)
class Refusal:
    """Why there is no model input of a file."""

    reason: str


def prepare(
    data: bytes,
    recipes: Sequence[Recipe],
    standard: StandardSettings,
    quality: QualitySettings,
    columns: Sequence[str] = (),
    said: ClinicalFacts = ClinicalFacts(),
) -> ModelInput:
    """Return the picture in `data` (DICOM, JPEG or PNG) as each recipe makes it from its standard image.

    With the clinical `columns` that the model takes: as the file's header states them, else as `said`; a warning tells
    which of them are not known. Raises InputError with the reasons where the quality rules reject it. A picture that
    they would only put into quarantine is taken, with a warning.
    """
    return prepare_with_image(data, recipes, standard, quality, columns, said)[0]


def prepare_with_image(
    data: bytes,
    recipes: Sequence[Recipe],
    standard: StandardSettings,
    quality: QualitySettings,
    columns: Sequence[str] = (),
    said: ClinicalFacts = ClinicalFacts(),
) -> tuple[ModelInput, StandardImage]:
    """Do as `prepare` does, and return the standard image too, for whoever wants to show it."""
    examination, opened = examine_and_decode(data, quality, duplicate_keys=False)
    if examination.decision == "reject":
        raise InputError("; ".join(_findings(examination, "reject")) or "rejected by the quality rules")
    try:
        picture = standard_image_of(opened, standard.rule)  # decoded once, for the quality rules and for this
    except UndecodableError as error:
        raise InputError(f"not a readable picture: {error}") from error
    traces = [recipe.trace(picture.pixels, window=(picture.window_low, picture.window_high)) for recipe in recipes]
    views = [_as_stored(trace.pixels, recipe) for trace, recipe in zip(traces, recipes, strict=True)]
    rows, across = picture.pixels.shape
    facts = (clinical_facts(opened.container) if opened.container else ClinicalFacts()).or_else(said)
    made = ModelInput(
        with_values(pack_views(views), encode(facts, columns)),
        (*_findings(examination, "quarantine", "warn"), *_untold(facts, columns)),
        _findings(examination, "quarantine"),
        Placement(traces[0].origin, rows, across, picture.turn),
    )
    return made, picture


def _untold(facts: ClinicalFacts, columns: Sequence[str]) -> Iterator[str]:
    """Yield in words which of the columns that a model takes are not known of a picture."""
    told = facts.known()
    if missing := [name for name in columns if name not in told]:
        yield f"columns: {' and '.join(missing)} not stated; judged without"


def _as_stored(pixels: Pixels, recipe: Recipe) -> npt.NDArray[np.float32]:
    """Return a prepared picture as it comes back from the store, so that serving sees what training saw."""
    return as_model_input(from_storage(to_storage(pixels, recipe.gives)), recipe.gives)


def _findings(examination: Examination, *severities: str) -> tuple[str, ...]:
    return tuple(f"{found.rule}: {found.evidence}" for found in examination.findings if found.severity in severities)
