"""Integrity: what is damaged is made anew as it was made, and nothing that it leaves the same is touched."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest
from pydantic import Field

from xray_platform.defs.asset import platform_asset
from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.local_runner import LocalRunner
from xray_platform.defs.store import Store
from xray_platform.defs.verify import verify_store
from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.settings import Settings
from xray_platform.tables.all import LABELS, LEADERBOARD, SPLITS
from xray_platform.tables.manifest import keep_files, manifest_file
from xray_platform.tables.places import Places


class WordSettings(Settings):
    """Settings of `words`."""

    word: str = Field("NORMAL", description="label that all pictures get")


@platform_asset(group="archive", version="1", by_batch=True)
def words(context: dg.AssetExecutionContext, store: Store, config: WordSettings) -> AssetResult:
    """A table by batch."""
    row = {"image": "a" * 16, "subject": context.partition_key, "origin": "archive", "label": config.word}
    frame = LABELS.frame([{**row, "abnormal": False, "split_given": None}])
    LABELS.write(store.places, frame, context.partition_key)
    return AssetResult(LABELS, frame)


@platform_asset(group="archive", version="1", deps=["words"])
def joined(context: dg.AssetExecutionContext, store: Store) -> AssetResult:
    """A file made of all batches."""
    path = store.places.reports / "joined.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(" ".join(LABELS.read(store.places)["label"]))
    keep_files(store.places, "reports/joined", [path])
    return AssetResult(content=path.read_text())


@dataclass
class Watched:
    """A store with two batches, and what its runs made and said."""

    store: LocalRunner
    said: list[str] = field(default_factory=list)

    @property
    def places(self) -> Places:
        return self.store.places

    def run(self, *, deep: bool = False, config: dict[str, dict[str, str]] | None = None) -> list[str]:
        """Run what is damaged or pending, and name what was made."""
        keys = list(self.store.graph.specs)
        outcomes = list(self.store.run(keys, lambda _: None, deep=deep, config=config, notice=self.said.append))
        assert all(outcome.success for outcome in outcomes), outcomes
        return [f"{name} {outcome.partition or ''}".strip() for outcome in outcomes for name in outcome.assets]

    def faults(self, *, deep: bool = True) -> list[str]:
        return [fault.line for zone in verify_store(self.store, deep=deep) for fault in zone.faults]


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setenv("XRAY_ROOT", str(tmp_path))
    definitions = dg.Definitions(
        assets=[words.definition(), joined.definition()],
        resources={"store": Store(root="")},
        executor=dg.in_process_executor,
    )
    store = LocalRunner(Places(tmp_path), definitions)
    source = tmp_path.with_name(f"{tmp_path.name} source")
    source.mkdir()
    for name in ("one", "two"):
        (source / name).write_text(name)
    plan_batches(store.places, source, batch_size=1)
    made = Watched(store)
    assert made.run(config={"words": {"word": "CLEAR"}}) == ["words batch-0001", "words batch-0002", "joined"]
    yield made
    store.close()


def table(watched: Watched, part: str) -> Path:
    return LABELS.path(watched.places, part)


def test_a_sound_store_is_left_alone(watched: Watched) -> None:
    assert watched.faults() == []
    assert watched.run(deep=True) == []
    assert watched.store.pending() == []
    assert watched.said == []


def test_a_lost_part_is_made_anew_with_its_settings_and_nothing_else(watched: Watched) -> None:
    before, other = table(watched, "batch-0001").read_bytes(), table(watched, "batch-0002").stat().st_mtime_ns
    table(watched, "batch-0001").unlink()
    assert watched.store.pending() == ["words of batch-0001 (damaged)"]
    assert watched.run() == ["words batch-0001"]
    assert watched.said == [
        f"words of batch-0001 is made anew: missing: tables/labels/batch-0001.parquet: {len(before)} bytes were written"
    ]
    assert table(watched, "batch-0001").read_bytes() == before  # CLEAR, and not the default of today
    assert table(watched, "batch-0002").stat().st_mtime_ns == other
    assert watched.faults() == []


def test_what_only_reading_tells_is_mended_by_a_deep_run(watched: Watched) -> None:
    path = table(watched, "batch-0002")
    status, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert watched.faults(deep=False) == []
    assert watched.run() == []
    assert len(watched.faults()) == 1
    assert watched.run(deep=True) == ["words batch-0002"]
    assert watched.faults() == []


def test_a_file_and_its_record_edited_together_are_mended(watched: Watched) -> None:
    path = watched.places.reports / "joined.txt"
    path.write_text("EDITED")
    keep_files(watched.places, "reports/joined", [path])
    assert "not the one that was kept" in watched.faults(deep=False)[0]
    assert watched.run() == ["joined"]
    assert path.read_text() == "CLEAR CLEAR"


def test_a_lost_record_is_mended(watched: Watched) -> None:
    manifest_file(watched.places, LABELS.manifest("batch-0001")).unlink()
    assert watched.run() == ["words batch-0001"]
    assert watched.faults() == []


def test_damage_everywhere_is_mended_in_one_run(watched: Watched) -> None:
    for part in ("batch-0001", "batch-0002"):
        table(watched, part).write_bytes(b"PAR1")
    (watched.places.reports / "joined.txt").unlink()
    assert watched.run() == ["words batch-0001", "words batch-0002", "joined"]
    assert watched.faults() == []


def test_what_was_made_before_files_were_recorded_is_made_anew(watched: Watched) -> None:
    key = dg.AssetKey("joined")
    last = watched.store.instance.get_latest_materialization_event(key)
    assert last is not None
    tags = last.asset_materialization.tags if last.asset_materialization else None
    watched.store.instance.report_runless_asset_event(dg.AssetMaterialization(key, tags=tags))
    assert watched.run() == ["joined"]
    assert watched.said == ["joined is made anew: unrecorded: joined: it was made before files were recorded"]


def test_a_file_that_nobody_recorded_is_told_and_stays(watched: Watched) -> None:
    stranger = SPLITS.path(watched.places)
    stranger.parent.mkdir(parents=True)
    stranger.write_bytes(b"PAR1")
    assert watched.faults() == [
        "unknown: tables/splits/all.parquet: no record speaks of it; if nobody needs it, remove it"
    ]
    assert watched.run() == []
    assert stranger.exists()


def test_what_an_earlier_run_left_is_told_apart(watched: Watched) -> None:
    path = LEADERBOARD.write(watched.places, LEADERBOARD.frame([]))
    assert watched.faults() == []
    path.write_bytes(b"PAR1")
    (line,) = watched.faults()
    assert "of an earlier run, and nothing makes it anew" in line
    path.unlink()
    assert watched.faults() == []
