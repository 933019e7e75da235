"""`xray status` looks and changes nothing; it names the batches that failed or that nobody ran."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from xray_platform.defs.partitions import BATCHES
from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform_tests.cli.conftest import command
from xray_platform_tests.defs.conftest import Story


@pytest.fixture
def planned(story: Story, tmp_path: Path) -> Iterator[str]:
    """A batch that was planned and not opened, as a killed ingest leaves it; afterwards it is gone again."""
    write_archive(tmp_path / "more", ArchiveSettings(pictures=4, side=256, seed=7, broken=False), workers=1)
    (plan,) = plan_batches(story.places, tmp_path / "more", origin="phantom")
    yield plan.batch
    path = story.places.plans / f"{plan.batch}.json"
    path.chmod(0o600)
    path.unlink()
    if plan.batch in opened(story):
        story.store.instance.delete_dynamic_partition(str(BATCHES.name), plan.batch)


def opened(story: Story) -> list[str]:
    return list(story.store.instance.get_dynamic_partitions(str(BATCHES.name)))


def everything(root: Path) -> dict[str, tuple[int, int, str]]:
    """Return size, time of change and content of every file, the databases of Dagster and MLflow among them."""
    files = [path for path in root.rglob("*") if path.is_file()]
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in files
    }


def test_status_changes_nothing_and_names_what_nobody_ran(story: Story, planned: str) -> None:
    before, partitions = everything(story.places.root), opened(story)
    ran = command(story.places.root, "status")
    assert ran.code == 0, ran.err
    assert f"{planned} was never run; `xray run` does" in ran.err
    assert f"raw_archive of {planned}" in ran.out
    assert ", labels," in ran.out, "what reads the batches is pending with them"
    assert everything(story.places.root) == before
    assert opened(story) == partitions
    assert planned not in partitions


def test_status_names_where_a_batch_failed(story: Story, planned: str) -> None:
    plan = story.places.plans / f"{planned}.json"
    plan.chmod(0o600)
    plan.write_text("{}")
    keys = story.store.select([], "raw_archive")
    (outcome,) = [one for one in story.store.run(keys, lambda _: None) if one.partition == planned]
    assert not outcome.success
    ran = command(story.places.root, "status")
    assert f"{planned} failed in raw_archive (run {outcome.run_id})" in " ".join(ran.err.split())


def test_status_of_a_finished_store_is_calm(story: Story) -> None:
    ran = command(story.places.root, "status")
    assert ran.code == 0
    assert "pending: nothing, everything is up to date" in ran.out
    assert "failed" not in ran.err
