"""Model store: where a trained model and the record of its training lie, and which training is the current one.

All of it has manifests; what is not what was written is not read.
"""

import json
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, ValidationError

from xray_platform.errors import DataError, StoreError
from xray_platform.tables.manifest import keep_files, manifest_file, read_checked, read_manifest
from xray_platform.tables.places import Places

RECORD = "training.json"
EVALUATION = "evaluation.json"
CURRENT = "current.json"
MODEL, BUNDLE = "model", "bundle"


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
    folder, pointer = model_folder(places, record), places.models / record.model / CURRENT
    write_json(folder / RECORD, record.model_dump(mode="json"))
    keep_files(places, part_manifest(record, MODEL), [folder / RECORD, *files_below(folder / MODEL)])
    write_json(pointer, {"run": record.run})
    keep_files(places, _current_manifest(record.model), [pointer])


def keep_evaluation(places: Places, record: TrainingRecord, dumped: dict[str, Any]) -> None:
    """Write what was found of a model beside it."""
    path = model_folder(places, record) / EVALUATION
    write_json(path, dumped)
    keep_files(places, part_manifest(record, "evaluation"), [path])


def whole(places: Places, record: TrainingRecord, part: str) -> Path:
    """Return the folder of a training whose files of this part are what was written; raises StoreError otherwise."""
    name = part_manifest(record, part)
    for path in read_manifest(places, name).files:
        read_checked(places, name, places.data / path)
    return model_folder(places, record)


def part_manifest(record: TrainingRecord, part: str) -> str:
    """Name of the manifest of a part of a training: its model, its evaluation or its bundle."""
    return f"models/{record.model}/{record.run}/{part}"


def current_record(places: Places, model: str) -> TrainingRecord:
    """Return the record of a model's current training; DataError where it is not trained yet."""
    pointer = places.models / model / CURRENT
    if not pointer.exists() and not manifest_file(places, _current_manifest(model)).exists():
        raise DataError(f"{model} is not trained yet; materialise it first")
    try:
        run = json.loads(read_checked(places, _current_manifest(model), pointer))["run"]
        manifest = f"models/{model}/{run}/{MODEL}"
        return TrainingRecord.model_validate_json(read_checked(places, manifest, places.models / model / run / RECORD))
    except (StoreError, ValueError, KeyError, ValidationError) as error:
        raise StoreError(f"the record of {model} in {pointer.parent} cannot be read: {error}") from error


def files_below(folder: Path) -> list[Path]:
    """Return all files of a folder, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _current_manifest(model: str) -> str:
    return f"models/{model}/current"


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
