"""What training and evaluation leave in files makes no report once it was changed."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from xray_platform.defs.model_store import current_record, files_below, model_folder
from xray_platform.tables.manifest import keep_files
from xray_platform_tests.defs.conftest import Story
from xray_platform_tests.defs.test_model_store import recorded_anew

MODEL = "pca_residual"

pytestmark = pytest.mark.usefixtures("given_back")


@pytest.fixture
def given_back(story: Story, tmp_path: Path) -> Iterator[None]:
    """Give the models back as they were, to the time of change: other tests go on with the same store."""
    pending, folders = story.store.pending(), [story.places.models, story.places.manifests]
    for folder in folders:
        shutil.copytree(folder, tmp_path / folder.name)
    yield
    for folder in folders:
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / folder.name, folder)
    assert story.store.pending() == pending


def edited(path: Path) -> None:
    """Turn every verdict round (an evaluation), or lie of how the input is made (a record)."""
    said = json.loads(path.read_text())
    if "threshold" in said:
        said["threshold"]["value"] = -1e9
    else:
        said["settings"]["standard images"]["window_low_percent"] = 20.0
    path.write_text(json.dumps(said, indent=2, sort_keys=True))


def flipped(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("training.json", edited, "training.json was changed: its digest is not the one that MLflow holds"),
        ("evaluation.json", edited, "evaluation.json was changed: its digest is not the one that MLflow holds"),
        ("model/arrays.npz", flipped, "are not those that its training left"),
    ],
)
def test_a_changed_file_of_a_training_is_refused(
    story: Story, name: str, change: Callable[[Path], None], words: str
) -> None:
    path = model_folder(story.places, current_record(story.places, MODEL)) / name
    record = current_record(story.places, MODEL)
    change(path)
    recorded_anew(story.places, record)
    (outcome,) = story.store.run(story.store.select([], f"{MODEL}_report"), lambda _: None, force=True)
    (reason,) = outcome.failures.values()
    assert words in reason
    assert "\n" not in reason
    assert f"xray run --force --select 'key:{MODEL}+'" in reason


def test_another_models_record_is_refused(story: Story) -> None:
    pointer = story.places.models / MODEL / "current.json"
    other = current_record(story.places, "one_class_svm")
    theirs = model_folder(story.places, other)
    mine = theirs.rename(story.places.models / MODEL / other.run)
    pointer.write_text(json.dumps({"run": other.run}))
    keep_files(story.places, f"models/{MODEL}/current", [pointer])
    keep_files(
        story.places, f"models/{MODEL}/{other.run}/model", [mine / "training.json", *files_below(mine / "model")]
    )
    (outcome,) = story.store.run(story.store.select([], f"{MODEL}_scores"), lambda _: None, force=True)
    (reason,) = outcome.failures.values()
    assert f"is that of one_class_svm, run {other.run}" in reason
