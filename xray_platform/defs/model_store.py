"""Model store: where a trained model and the record of its training lie, and which training is the current one.

All of it has manifests; what is not what was written is not read. And MLflow seals it: the digests of a training's
record (which holds that of each file of the model) and of its evaluation are tags of its run, and every reading is held
against them.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from xray_platform.atomic import atomic_write
from xray_platform.clinical_columns import ClinicalColumn, columns_in
from xray_platform.errors import DataError, StoreError
from xray_platform.imaging.recipe import Recipe
from xray_platform.serving.bundle import hashes
from xray_platform.tables.columns import Family
from xray_platform.tables.manifest import keep_files, manifest_file, read_checked, read_manifest
from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.runs import TrackedRun, tags_of

RECORD = "training.json"
EVALUATION = "evaluation.json"
CURRENT = "current.json"
MODEL, BUNDLE = "model", "bundle"
TAGS = {RECORD: "xray.training", EVALUATION: "xray.evaluation"}  # where MLflow holds the digests


class TrainingRecord(BaseModel):
    """What a model was made from: everything that a report needs to trace its figures."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    family: Family
    run: str
    recipe: dict[str, Any]
    views: tuple[dict[str, Any], ...] = ()
    settings: dict[str, Any]
    description: tuple[str, ...]
    history: tuple[dict[str, float], ...] = ()
    inputs: dict[str, str]
    dagster_run: str
    provenance: dict[str, Any]
    seconds: float
    pictures: dict[str, int]
    batches: tuple[str, ...] = ()  # those of the training part; none in the records of older versions
    files: dict[str, str] = {}

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """The recipe that it reads, or those of the parts of an ensemble."""
        return tuple(Recipe.model_validate(recipe) for recipe in (self.recipe, *self.views))

    @property
    def clinical_columns(self) -> tuple[ClinicalColumn, ...]:
        """What a network takes beside the picture."""
        return columns_in(str(self.settings.get("training", {}).get("clinical_columns", "")))


def model_folder(places: Places, record: TrainingRecord) -> Path:
    """Where one training's files lie."""
    return places.models / record.model / record.run


def keep_record(places: Places, record: TrainingRecord, run: TrackedRun) -> None:
    """Write the record beside its model's files, seal both, and make this training the current one, in that order."""
    folder, pointer = model_folder(places, record), places.models / record.model / CURRENT
    sealed = record.model_copy(update={"files": hashes(folder / MODEL)})
    _write_sealed(places, record, RECORD, sealed.model_dump(mode="json"), run)
    keep_files(places, part_manifest(record, MODEL), [folder / RECORD, *files_below(folder / MODEL)])
    write_json(pointer, {"run": record.run})
    keep_files(places, _current_manifest(record.model), [pointer])


def keep_evaluation(places: Places, record: TrainingRecord, dumped: Mapping[str, Any], run: TrackedRun) -> None:
    """Write what was found of a model beside it, and seal it."""
    _write_sealed(places, record, EVALUATION, dumped, run)
    keep_files(places, part_manifest(record, "evaluation"), [model_folder(places, record) / EVALUATION])


def current_record(places: Places, model: str) -> TrainingRecord:
    """Return the record of a model's current training; DataError where it is not trained yet.

    Raises StoreError where the record cannot be read, or is not the one that its MLflow run vouches for.
    """
    pointer = places.models / model / CURRENT
    if not pointer.exists() and not manifest_file(places, _current_manifest(model)).exists():
        raise DataError(f"{model} is not trained yet; materialise it first")
    try:
        run = str(json.loads(read_checked(places, _current_manifest(model), pointer))["run"])
    except (StoreError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"the record of {model} in {pointer.parent} cannot be read: {error}") from error
    return record_of(places, model, run)


def has_record(places: Places, model: str, run: str) -> bool:
    """Say whether a training of a model has its record in this store."""
    return manifest_file(places, f"models/{model}/{run}/{MODEL}").exists()


def record_of(places: Places, model: str, run: str) -> TrainingRecord:
    """Return the record of one training of a model; StoreError as `current_record` raises it."""
    folder = places.models / model
    try:
        raw = read_checked(places, f"models/{model}/{run}/{MODEL}", folder / run / RECORD)
        record = TrainingRecord.model_validate_json(raw)
    except (StoreError, ValueError, ValidationError) as error:
        raise StoreError(f"the record of {model} in {folder} cannot be read: {error}") from error
    if (record.model, record.run) != (model, run):
        raise StoreError(f"the record of {model} in {folder} is that of {record.model}, run {record.run}")
    _guard(places, record, RECORD, raw)
    return record


def trained_folder(places: Places, record: TrainingRecord) -> Path:
    """Return the folder of the trained model's files; StoreError where they are not those that training left."""
    folder = _whole(places, record, MODEL) / MODEL
    if record.files and hashes(folder) != record.files:
        raise StoreError(
            f"the files of {record.model} in {folder} are not those that its training left; {_again(record)}"
        )
    return folder


def sealed_evaluation(places: Places, record: TrainingRecord) -> Path:
    """Return the file of the training's evaluation; StoreError where it is not the one that its run vouches for."""
    path = _whole(places, record, "evaluation") / EVALUATION
    _guard(places, record, EVALUATION, path.read_bytes())
    return path


def part_manifest(record: TrainingRecord, part: str) -> str:
    """Name of the manifest of a part of a training: its model, its evaluation or its bundle."""
    return f"models/{record.model}/{record.run}/{part}"


def _whole(places: Places, record: TrainingRecord, part: str) -> Path:
    """Return the folder of a training whose files of this part are what was written; raises StoreError otherwise."""
    name = part_manifest(record, part)
    for path in read_manifest(places, name).files:
        read_checked(places, name, places.data / path)
    return model_folder(places, record)


def _write_sealed(places: Places, record: TrainingRecord, name: str, value: Mapping[str, Any], run: TrackedRun) -> None:
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


def files_below(folder: Path) -> list[Path]:
    """Return all files of a folder, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _current_manifest(model: str) -> str:
    return f"models/{model}/current"


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a JSON file as a whole, its keys in order."""
    atomic_write(path, json.dumps(value, indent=2, sort_keys=True))
