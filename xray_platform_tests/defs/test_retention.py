"""Old runs are forgotten by a job, on a real instance, and nothing that rests on a run is lost with it."""

import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from xray_platform.defs import retention
from xray_platform.defs.graph import definitions
from xray_platform.defs.instance import open_instance
from xray_platform.defs.materializations import LastMaterializations, last_record
from xray_platform.defs.partitions import BATCHES
from xray_platform.defs.retention import JOB, forgettable
from xray_platform.defs.sound_batches import left_out
from xray_platform.tables.places import Places

FAILING: set[str] = set()
CHECK = dg.AssetCheckKey(dg.AssetKey("images"), "sound")


@dg.asset(partitions_def=BATCHES)
def images(context: dg.AssetExecutionContext) -> None:
    sys.stdout.write(f"this is {context.partition_key}")
    if "images" in FAILING:
        raise dg.Failure("as asked for")


with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.PreviewWarning)

    @dg.asset_check(asset=images, blocking=True, partitions_def=BATCHES)
    def sound() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)


@dg.asset
def labels() -> None:
    if "labels" in FAILING:
        raise dg.Failure("as asked for")


MADE = dg.Definitions(assets=[images, labels], asset_checks=[sound], executor=dg.in_process_executor)


class Runs:
    """A store's memory of runs, and the job of the platform that forgets some."""

    def __init__(self, places: Places, instance: dg.DagsterInstance) -> None:
        self.places, self.instance = places, instance

    def run(self, asset: str, batch: str | None = None, *, fails: bool = False) -> str:
        FAILING.clear()
        FAILING.update({asset} if fails else ())
        result = MADE.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            asset_selection=[dg.AssetKey(asset)],
            partition_key=batch,
            raise_on_error=False,
            resources={},
        )
        assert result.success is not fails
        return result.run_id

    def forget(self, days: int = 90) -> None:
        config = {"ops": {"old_runs": {"config": {"keep_runs_days": days}}}}
        job = definitions().resolve_job_def(JOB)
        assert job.execute_in_process(instance=self.instance, run_config=config).success

    def known(self, run_id: str) -> bool:
        """Tell whether anything is left of a run: itself, an event, a file of events or captured output."""
        found = self.instance.get_run_by_id(run_id) is not None
        left = list(self.places.dagster.rglob(f"*{run_id}*"))
        assert found is bool(left), f"all of a run is there, or nothing; {left}"
        return found


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    monkeypatch.setenv("XRAY_ROOT", str(tmp_path))
    instance = open_instance(Places(tmp_path))
    instance.add_dynamic_partitions(str(BATCHES.name), ["batch-0001", "batch-0002"])
    yield Runs(Places(tmp_path), instance)
    instance.dispose()


def later(monkeypatch: pytest.MonkeyPatch, days: int = 400) -> None:
    monkeypatch.setattr(retention, "_now", lambda: datetime.now(UTC) + timedelta(days=days))


def test_what_was_made_again_since_is_forgotten_with_all_its_traces(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, again = runs.run("images", "batch-0001"), runs.run("images", "batch-0001")
    hourly = [runs.run("labels") for _ in range(3)]
    later(monkeypatch)
    runs.forget()
    assert [runs.known(one) for one in (first, again)] == [False, True]
    assert [runs.known(one) for one in hourly] == [False, False, True]
    asked = open_instance(runs.places)
    assert [bool(asked.all_logs(one)) for one in (first, again)] == [False, True]
    asked.dispose()


def test_nothing_that_freshness_checks_and_labels_ask_for_is_lost(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    for batch in ("batch-0001", "batch-0002", "batch-0001"):
        runs.run("images", batch)
    runs.run("labels")
    before = _memory(runs.instance)
    later(monkeypatch)
    runs.forget()
    assert _memory(runs.instance) == before
    assert list(left_out(runs.instance, ["batch-0001", "batch-0002"], [CHECK])) == []


def _memory(instance: dg.DagsterInstance) -> list[object]:
    last = LastMaterializations(instance, together=True)
    of_batches = [last.of(dg.AssetKey("images"), batch) for batch in ("batch-0001", "batch-0002")]
    whole = last_record(instance, dg.AssetKey("labels"), None)
    assert whole is not None
    assert all(of_batches)
    return [*of_batches, whole.run_id, sorted(instance.get_materialized_partitions(dg.AssetKey("images")))]


def test_a_failure_is_kept_until_what_failed_was_made(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    mended, standing = runs.run("images", "batch-0001", fails=True), runs.run("images", "batch-0002", fails=True)
    of_all = runs.run("labels", fails=True)
    runs.run("images", "batch-0001")
    later(monkeypatch)
    runs.forget()
    assert [runs.known(one) for one in (mended, standing, of_all)] == [False, True, True]


def test_young_runs_stay_however_often_the_job_runs(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = runs.run("labels"), runs.run("labels")
    runs.forget(days=1)
    assert runs.known(first)
    later(monkeypatch, days=2)
    runs.forget(days=3)
    assert runs.known(first)
    runs.forget(days=1)
    assert not runs.known(first)


def test_the_job_forgets_its_own_earlier_runs(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.forget()
    (own,) = runs.instance.get_runs(dg.RunsFilter(job_name=JOB))
    later(monkeypatch)
    runs.forget()
    assert own.run_id not in {run.run_id for run in runs.instance.get_runs(dg.RunsFilter(job_name=JOB))}


def test_more_runs_than_one_query_gives_and_none_twice(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    made = [runs.run("labels") for _ in range(6)]
    assert list(forgettable(runs.instance, datetime.now(UTC) + timedelta(days=1))) == made[:-1]


def test_how_long_runs_are_kept_is_a_setting_of_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRAY_ROOT", str(tmp_path))
    (tmp_path / "xray.yaml").write_text("runs: {keep_runs_days: 7}\n")
    (op,) = definitions().resolve_job_def(JOB).nodes
    schema: Any = op.definition
    assert schema.config_schema.as_field().config_type.fields["keep_runs_days"].default_value == 7
