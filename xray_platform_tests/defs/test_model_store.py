"""What a training left is read back as it was, or not at all."""

from pathlib import Path

import pytest

from xray_platform.defs.model_store import (
    EVALUATION,
    MODEL,
    RECORD,
    TrainingRecord,
    current_record,
    files_below,
    keep_evaluation,
    keep_record,
    model_folder,
    part_manifest,
    sealed_evaluation,
    trained_folder,
)
from xray_platform.errors import StoreError
from xray_platform.tables.manifest import keep_files
from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.runs import open_run


def recorded_anew(places: Places, record: TrainingRecord) -> None:
    """Write the manifests of a training anew, as one does who wants to hide a change of its files."""
    folder = model_folder(places, record)
    keep_files(places, part_manifest(record, MODEL), [folder / RECORD, *files_below(folder / MODEL)])
    keep_files(places, part_manifest(record, "evaluation"), [folder / EVALUATION])


def test_files_of_a_training_are_held_against_mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    places = Places(tmp_path)
    with open_run(open_tracking(places), model="m") as run:
        made = TrainingRecord(
            model="m", family="detector", run=run.run_id, recipe={}, settings={"a": 1}, description=(), inputs={},
            dagster_run="d", provenance={}, seconds=1.0, pictures={},
        )  # fmt: skip
        weights = model_folder(places, made) / MODEL / "weights"
        weights.parent.mkdir(parents=True)
        weights.write_bytes(b"weights")
        keep_record(places, made, run)
        record = current_record(places, "m")
        keep_evaluation(places, record, {"threshold": {"value": 0.5}}, run)
    assert list(record.files) == ["weights"]
    assert trained_folder(places, record) == weights.parent
    for path, old, new in (
        (sealed_evaluation(places, record), b"0.5", b"0.9"),
        (weights, b"w", b"v"),
        (model_folder(places, record) / RECORD, b'"a": 1', b'"a": 2'),
    ):
        before = path.read_bytes()
        path.write_bytes(before.replace(old, new, 1))
        with pytest.raises(StoreError, match=r"not what was written|changed|xray run"):
            sealed_evaluation(places, current_record(places, "m")), trained_folder(places, record)
        recorded_anew(places, record)
        with pytest.raises(StoreError, match=r"was changed|are not those"):
            sealed_evaluation(places, current_record(places, "m")), trained_folder(places, record)
        path.write_bytes(before)
        recorded_anew(places, record)
    assert current_record(places, "m") == record
