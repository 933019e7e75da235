"""A batch that failed, or was never run, holds back nothing but its own pictures, and labels say which it was."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from xray_platform.defs.graph import definitions
from xray_platform.defs.local_runner import LocalRunner
from xray_platform.defs.materializations import LastMaterializations
from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.dicom.quality.examine import examine_batch
from xray_platform.errors import DataError
from xray_platform.tables.all import LABELS, SPLITS
from xray_platform.tables.places import Places
from xray_platform_tests.defs.conftest import Story

IMAGES = dg.AssetKey("images")
KEYS = [dg.AssetKey("labels"), dg.AssetKey("splits")]


@pytest.fixture
def copy(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalRunner]:
    """A copy of the finished store."""
    root = tmp_path / "store"
    shutil.copytree(story.places.root, root)
    monkeypatch.setenv("XRAY_ROOT", str(root))
    store = LocalRunner(Places(root), definitions())
    yield store
    store.close()


def left_out(store: LocalRunner) -> dict[str, str]:
    """Make labels and splits, and return the batches that the labels say were left out, and why."""
    (outcome,) = store.run(KEYS, lambda _: None)
    assert outcome.success
    records = store.instance.fetch_materializations(KEYS[0], limit=1).records
    made = records[0].asset_materialization
    assert made is not None
    return dict(made.metadata["batches left out"].value)  # type: ignore[arg-type]


def test_a_batch_that_was_never_run_holds_nothing_back(copy: LocalRunner, tmp_path: Path) -> None:
    before = len(LABELS.read(copy.places))
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "one.dcm").write_bytes(b"no picture yet")
    plan_batches(copy.places, tmp_path / "late")
    assert left_out(copy) == {"batch-0002": "it has no published pictures yet; its run failed or was never asked for"}
    assert len(LABELS.read(copy.places)) == before
    assert len(SPLITS.read(copy.places)) > 0


def test_pictures_whose_check_failed_are_learnt_from_by_nobody_until_it_passes(copy: LocalRunner) -> None:
    copy.instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=IMAGES, check_name="identity", passed=False, metadata={}, partition="batch-0001"
        )
    )
    assert left_out(copy) == {"batch-0001": "not passed: images identity"}
    assert len(LABELS.read(copy.places)) == len(SPLITS.read(copy.places)) == 0
    (again,) = (outcome for outcome in copy.run([IMAGES], lambda _: None, force=True) if outcome.assets == ("images",))
    assert again.success
    assert copy.graph.pending(LastMaterializations(copy.instance), KEYS) == KEYS
    assert left_out(copy) == {}
    assert len(SPLITS.read(copy.places)) > 0


def test_a_batch_that_fails_lets_the_others_and_what_comes_after_run(
    copy: LocalRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examine = examine_batch

    def fails_once(places: Places, batch: str, *arguments: Any, **more: Any) -> Any:
        if batch == "batch-0002":
            raise DataError("nothing can be said of it")
        return examine(places, batch, *arguments, **more)

    monkeypatch.setattr("xray_platform.defs.archive.examine_batch", fails_once)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.dcm").write_bytes(name.encode())
        plan_batches(copy.places, tmp_path / name)
    told: list[str] = []
    keys = [key for key in copy.graph.specs if copy.graph.specs[key].group_name in ("archive", "imaging")]
    outcomes = list(copy.run(keys, lambda _: None, notice=told.append))
    failed = [outcome for outcome in outcomes if not outcome.success]
    assert [(outcome.partition, dict(outcome.failures)) for outcome in failed] == [
        ("batch-0002", {"quality": "nothing can be said of it"})
    ]
    assert "batch-0002 failed; everything else goes on without its pictures" in told
    assert [outcome.partition for outcome in outcomes] == ["batch-0002", "batch-0003", None]
    assert "labels" in outcomes[-1].assets
