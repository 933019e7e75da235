"""Model card: in Markdown, what a model is, on whom it learnt, how good it is, what it is for, and its limits."""

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from xray_platform.defs.asset_result import unmarked
from xray_platform.defs.model_store import TrainingRecord
from xray_platform.evaluation.cautions import Caution, cautions
from xray_platform.evaluation.dataset.description import DatasetDescription
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.intended_use import INTENDED_USE, LIMITS
from xray_platform.evaluation.summary import summary
from xray_platform.models.contract import ModelKind
from xray_platform.tables.all import IMAGES
from xray_platform.tables.places import Places
from xray_platform.tracking.datasets import PARTS

Origin = Literal["phantom", "picture"]

USE = f"**Intended use:** {INTENDED_USE}"
OF_EACH = f"**Limits:** {LIMITS}"
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
    return _joined([*_what(record, origin), "**How good:** not judged yet.", OF_EACH, USE])


def description_of_model(
    record: TrainingRecord,
    evaluation: Evaluation,
    found: Sequence[Caution],
    described: DatasetDescription = DatasetDescription(),
) -> str:
    """Describe a model that was judged, with the cautions of its report and what people say of its data."""
    origin: Origin = "phantom" if any(caution.code == "phantoms" for caution in found) else "picture"
    good = f"**How good:** {summary(evaluation, record.model)} {evaluation.threshold.explanation}"
    listed = "\n".join(f"- **{caution.title}**: {caution.text}" for caution in found)
    warned = f"**Read these before the figures:**\n\n{listed}" if listed else ""
    return _joined([*_what(record, origin), good, warned, *_said(described), OF_EACH, USE, TAKES])


def description_of_kind(kind: ModelKind) -> str:
    """Describe a registered model, whichever its version."""
    learnt = "normal and abnormal pictures" if kind.learns_from_abnormal else "normal pictures alone"
    return _joined([f"{kind.name}, a {kind.family}: {kind.description}. It learns from {learnt}.", TAKES, OF_EACH, USE])


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


def _said(described: DatasetDescription) -> list[str]:
    """Say what `dataset.yaml` says of the data, as text in which no sign is markup; nothing of what it leaves out."""
    truth = described.reference_standard
    told = {
        "Data": described.summary or described.name,
        "Sources": "; ".join(f"{one.origin}: {one.name}" for one in described.sources if one.name),
        "Reference standard": "; ".join(filter(None, (truth.definition, truth.readers))),
        "Intended for": described.intended_use,
        "Not for": "; ".join(described.out_of_scope_use),
        "Limits of the data": "; ".join(described.limits),
        "Licence": described.licence,
    }
    return [f"**{title}:** {unmarked(text)}" for title, text in told.items() if text]


def _sentence(line: str) -> str:
    return line[:1].upper() + line[1:].rstrip(".") + "."


def _joined(parts: Sequence[str]) -> str:
    return "\n\n".join(part for part in parts if part)
