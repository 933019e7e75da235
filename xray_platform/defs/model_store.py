"""Model store: where a trained model and the record of its training lie, and which training is the current one."""

import json
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, ValidationError

from xray_platform.errors import DataError, StoreError
from xray_platform.tables.places import Places

RECORD = "training.json"
EVALUATION = "evaluation.json"


class TrainingRecord(BaseModel):
    """What a model was made from: everything that a report needs to trace its figures."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    family: Literal["detector", "network"]
    run: str
    recipe: dict[str, Any]
    settings: dict[str, Any]
    description: tuple[str, ...]
    history: tuple[dict[str, float], ...] = ()
    inputs: dict[str, str]
    dagster_run: str
    provenance: dict[str, Any]
    seconds: float
    pictures: dict[str, int]


def model_folder(places: Places, record: TrainingRecord) -> Path:
    """Where one training's files lie."""
    return places.models / record.model / record.run


def keep_record(places: Places, record: TrainingRecord) -> None:
    """Write the record beside its model's files and make this training the current one, in that order."""
    folder = model_folder(places, record)
    write_json(folder / RECORD, record.model_dump(mode="json"))
    write_json(places.models / record.model / "current.json", {"run": record.run})


def current_record(places: Places, model: str) -> TrainingRecord:
    """Return the record of a model's current training; DataError where it is not trained yet."""
    pointer = places.models / model / "current.json"
    if not pointer.exists():
        raise DataError(f"{model} is not trained yet; materialise it first")
    try:
        run = json.loads(pointer.read_text(encoding="utf-8"))["run"]
        text = (places.models / model / run / RECORD).read_text(encoding="utf-8")
        return TrainingRecord.model_validate_json(text)
    except (OSError, ValueError, KeyError, ValidationError) as error:
        raise StoreError(f"the record of {model} in {pointer.parent} cannot be read: {error}") from error


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write at a stroke: a reader sees the old file or the new one."""
    waiting = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        waiting.write_text(json.dumps(value, indent=2, sort_keys=True), encoding="utf-8")
        waiting.replace(path)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        waiting.unlink(missing_ok=True)
