"""Model input: made of the bytes of a file, or a reason why not. Knows no model and no torch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from xray_platform.clinical_columns import OLDEST, ClinicalFacts, encode, with_values
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

ROUNDING = 1e-3  # years, of what float32 makes of an age


@dataclass(frozen=True)
class Preparation:
    """How a file becomes what a model takes: by which recipe for each of its views, and with which clinical columns."""

    recipes: tuple[Recipe, ...]
    standard: StandardSettings = field(default_factory=StandardSettings)
    quality: QualitySettings = field(default_factory=QualitySettings)
    columns: tuple[str, ...] = ()


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
    data: bytes, preparation: Preparation, said: ClinicalFacts = ClinicalFacts()
) -> tuple[ModelInput, StandardImage]:
    """Return the picture in `data` (DICOM, JPEG or PNG) as the model takes it, and its standard image, to be shown.

    With the clinical columns that the model takes: as the file's header states them, else as `said`; warnings tell
    which of them are not known, and where a header states another thing than was said. Raises InputError with the
    reasons where the quality rules reject it. A picture that they would only put into quarantine is taken, with a
    warning.
    """
    recipes, standard, columns = preparation.recipes, preparation.standard, preparation.columns
    examination, opened = examine_and_decode(data, preparation.quality, duplicate_keys=False)
    if examination.decision == "reject":
        raise InputError("; ".join(_findings(examination, "reject")) or "rejected by the quality rules")
    try:
        picture = standard_image_of(opened, standard.rule)  # decoded once, for the quality rules and for this
    except UndecodableError as error:
        raise InputError(f"not a readable picture: {error}") from error
    traces = [recipe.trace(picture.pixels, window=(picture.window_low, picture.window_high)) for recipe in recipes]
    views = [_as_stored(trace.pixels, recipe) for trace, recipe in zip(traces, recipes, strict=True)]
    rows, across = picture.pixels.shape
    stated = clinical_facts(opened.container) if opened.container else ClinicalFacts()
    facts = stated.or_else(said)
    made = ModelInput(
        with_values(pack_views(views), encode(facts, columns)),
        (*_findings(examination, "quarantine", "warn"), *_untold(facts, columns), *_overruled(stated, said, columns)),
        _findings(examination, "quarantine"),
        Placement(traces[0].origin, rows, across, picture.turn),
    )
    return made, picture


def _untold(facts: ClinicalFacts, columns: Sequence[str]) -> Iterator[str]:
    """Yield in words which of the columns that a model takes are not known of a picture."""
    told = facts.known()
    if missing := [name for name in columns if name not in told]:
        yield f"columns: {' and '.join(missing)} not stated; judged without"


def _overruled(stated: ClinicalFacts, said: ClinicalFacts, columns: Sequence[str]) -> Iterator[str]:
    """Yield in words which of the columns that a model takes the header states otherwise than they were said."""
    if apart := [name for name in columns if name in stated.known() & said.known() and _differ(stated, said, name)]:
        yield f"columns: {' and '.join(apart)} said otherwise than the header states; the header counts"


def _differ(stated: ClinicalFacts, said: ClinicalFacts, name: str) -> bool:
    """Tell whether two facts mean different things to a model; ages do from a year on, for headers count whole ones."""
    apart = np.abs(encode(stated, (name,)) - encode(said, (name,))).max() * OLDEST
    return bool(apart >= 1 - ROUNDING)


def _as_stored(pixels: Pixels, recipe: Recipe) -> npt.NDArray[np.float32]:
    """Return a prepared picture as it comes back from the store, so that serving sees what training saw."""
    return as_model_input(from_storage(to_storage(pixels, recipe.gives)), recipe.gives)


def _findings(examination: Examination, *severities: str) -> tuple[str, ...]:
    return tuple(f"{found.rule}: {found.evidence}" for found in examination.findings if found.severity in severities)
