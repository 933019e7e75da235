"""Model store: where a trained model and the record of its training lie, and which training is the current one.

What a training leaves in files is sealed by MLflow: the digest of its record (which holds that of each file of the
model) and of its evaluation are tags of its run, and every reading is held against them.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, ValidationError

from xray_platform.errors import DataError, StoreError
from xray_platform.serving.bundle import hashes
from xray_platform.tables.places import Places
from xray_platform.tracking.experiments import open_tracking
from xray_platform.tracking.runs import TrackedRun, tags_of

RECORD = "training.json"
EVALUATION = "evaluation.json"
MODEL = "model"
TAGS = {RECORD: "xray.training", EVALUATION: "xray.evaluation"}  # where MLflow holds the digests


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
    files: dict[str, str] = {}


def model_folder(places: Places, record: TrainingRecord) -> Path:
    """Where one training's files lie."""
    return places.models / record.model / record.run


def keep_record(places: Places, record: TrainingRecord, run: TrackedRun) -> None:
    """Write the record beside its model's files, seal both, and make this training the current one, in that order."""
    files = hashes(model_folder(places, record) / MODEL)
    write_sealed(places, record, RECORD, record.model_copy(update={"files": files}).model_dump(mode="json"), run)
    write_json(places.models / record.model / "current.json", {"run": record.run})


def current_record(places: Places, model: str) -> TrainingRecord:
    """Return the record of a model's current training; DataError where it is not trained yet.

    Raises StoreError where the record cannot be read, or is not the one that its MLflow run vouches for.
    """
    pointer = places.models / model / "current.json"
    if not pointer.exists():
        raise DataError(f"{model} is not trained yet; materialise it first")
    try:
        run = json.loads(pointer.read_text(encoding="utf-8"))["run"]
        raw = (places.models / model / run / RECORD).read_bytes()
        record = TrainingRecord.model_validate_json(raw)
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise StoreError(
            f"the record of {model} in {pointer.parent} cannot be read ({type(error).__name__})"
        ) from error
    if (record.model, record.run) != (model, run):
        raise StoreError(f"the record of {model} in {pointer.parent} is that of {record.model}, run {record.run}")
    _guard(places, record, RECORD, raw)
    return record


def trained_folder(places: Places, record: TrainingRecord) -> Path:
    """Return the folder of the trained model's files; StoreError where they are not those that training left."""
    folder = model_folder(places, record) / MODEL
    if record.files and hashes(folder) != record.files:
        raise StoreError(
            f"the files of {record.model} in {folder} are not those that its training left; {_again(record)}"
        )
    return folder


def sealed_evaluation(places: Places, record: TrainingRecord) -> Path:
    """Return the file of the training's evaluation; StoreError where it is not the one that its run vouches for."""
    path = model_folder(places, record) / EVALUATION
    try:
        _guard(places, record, EVALUATION, path.read_bytes())
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror or error}") from error
    return path


def write_sealed(places: Places, record: TrainingRecord, name: str, value: Mapping[str, Any], run: TrackedRun) -> None:
    """Write a file of the training, and its digest into MLflow's database."""
    path = model_folder(places, record) / name
    write_json(path, dict(value))
    run.log_tags({TAGS[name]: sha256(path.read_bytes()).hexdigest()})


def _guard(places: Places, record: TrainingRecord, name: str, raw: bytes) -> None:
    """Raise StoreError unless MLflow holds this digest; a run of an older version holds none."""
    held = tags_of(open_tracking(places), record.run).get(TAGS[name])
    if held is None and not record.files:
        return
    if held != sha256(raw).hexdigest():
        path = model_folder(places, record) / name
        raise StoreError(f"{path} was changed: its digest is not the one that MLflow holds; {_again(record)}")


def _again(record: TrainingRecord) -> str:
    return f"train it again (xray run --force --select 'key:{record.model}+')"


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
