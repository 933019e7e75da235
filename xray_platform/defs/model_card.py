"""Model card: in Markdown, what a model is, on whom it learnt, how good it is, what it is for, and its limits."""

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from xray_platform.defs.model_store import TrainingRecord
from xray_platform.evaluation.cautions import Caution, cautions
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.summary import summary
from xray_platform.models.contract import ModelKind
from xray_platform.tables.all import IMAGES
from xray_platform.tables.places import Places
from xray_platform.tracking.datasets import PARTS

Origin = Literal["phantom", "picture"]

USE = (
    "**Intended use:** research on chest radiographs seen from the front, prepared as this platform prepares them. "
    "**Not a medical device**: no decision about a patient may rest on it."
)
LIMITS = (
    "**Limits:** it tells normal from abnormal as the labels of its own data mean it, names no disease, and was judged "
    "on pictures of the source that it learnt from: another hospital, device or age group must be tested first."
)
TAKES = (
    "**Takes** files as they are: the bytes of DICOM, JPEG or PNG pictures in the column `picture` (over HTTP as "
    "base64, in `dataframe_split`). Quality rules, preparation, threshold and calibration are within; a file that "
    "cannot be judged gets an `error` of its own."
)


def origin_of(places: Places, rows: pd.DataFrame) -> Origin:
    """Tell whether all of these pictures (column `image`) are made up."""
    pictures = pictures_of(places, rows)
    return "phantom" if len(pictures) and bool((pictures["origin"] == "phantom").all()) else "picture"


def pictures_of(places: Places, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the table IMAGES of these pictures."""
    pictures = IMAGES.read(places)
    return pictures[pictures["image"].isin(rows["image"])]


def cautions_of(places: Places, evaluation: Evaluation) -> list[Caution]:
    """Return what speaks against taking this evaluation at its face value, as its report says it."""
    pictures = pictures_of(places, evaluation.rows)
    phantom = origin_of(places, evaluation.rows) == "phantom"
    return cautions(evaluation, pictures[["image", "sha256", "pixel_sha256"]], phantom=phantom)


def description_of_training(record: TrainingRecord, origin: Origin) -> str:
    """Describe a model that was trained and not judged yet."""
    return _joined([*_what(record, origin), "**How good:** not judged yet.", LIMITS, USE])


def description_of_model(record: TrainingRecord, evaluation: Evaluation, found: Sequence[Caution]) -> str:
    """Describe a model that was judged, with the cautions of its report."""
    origin: Origin = "phantom" if any(caution.code == "phantoms" for caution in found) else "picture"
    good = f"**How good:** {summary(evaluation, record.model)} {evaluation.threshold.explanation}"
    listed = "\n".join(f"- **{caution.title}**: {caution.text}" for caution in found)
    warned = f"**Read these before the figures:**\n\n{listed}" if listed else ""
    return _joined([*_what(record, origin), good, warned, LIMITS, USE, TAKES])


def description_of_kind(kind: ModelKind) -> str:
    """Describe a registered model, whichever its version."""
    learnt = "normal and abnormal pictures" if kind.learns_from_abnormal else "normal pictures alone"
    return _joined([f"{kind.name}, a {kind.family}: {kind.description}. It learns from {learnt}.", TAKES, LIMITS, USE])


def _what(record: TrainingRecord, origin: Origin) -> list[str]:
    """Say what was learnt, and from which pictures."""
    lines = [_sentence(line.removeprefix(f"{record.model}: ")) for line in record.description]
    numbers = [f"{record.pictures.get(split, 0)} for {use}" for split, use in PARTS.items()]
    whom = "phantoms, which are made up" if origin == "phantom" else "pictures of the archive"
    changed = str(record.provenance.get("commit") or "").endswith("+changed")
    code = " **The code had changes that no commit holds.**" if changed else ""
    return [
        f"**What:** `{record.model}`, a {record.family}. {' '.join(lines)}",
        f"**On whom:** {whom}: {', '.join(numbers)}.{code}",
    ]


def _sentence(line: str) -> str:
    return line[:1].upper() + line[1:].rstrip(".") + "."


def _joined(parts: Sequence[str]) -> str:
    return "\n\n".join(part for part in parts if part)
