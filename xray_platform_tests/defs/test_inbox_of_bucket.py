"""The inbox of a store in a bucket: who sees the files brings their bytes, and a run elsewhere needs no more."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from xray_platform.defs import inbox
from xray_platform.defs.inbox import UNLED, inbox_sensor
from xray_platform.defs.instance import remembers_elsewhere
from xray_platform.defs.store import Store
from xray_platform.dicom.intake import raw_store
from xray_platform.dicom.intake.batch_plan import read_plan
from xray_platform.dicom.intake.inbox_watch import QUIET_SECONDS
from xray_platform.object_store.commit import read_commit
from xray_platform.object_store.lease import take_lease
from xray_platform.object_store.working_copy import WorkingCopy
from xray_platform.ports import HOST
from xray_platform.tables.places import Places
from xray_platform_tests.cli.processes import ROOT
from xray_platform_tests.object_store.s3 import Storage, storage

LONG_AGO = time.time() - 10 * QUIET_SECONDS
FILES = {f"{number}.dcm": f"picture {number}".encode() for number in range(5)}


@pytest.fixture(scope="module")
def s3() -> Iterator[Storage]:
    with storage() as running:
        yield running


@pytest.fixture
def server(s3: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkingCopy:
    """The copy of the machine with the inbox, in which five finished files lie."""
    for name, value in s3.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XRAY_CACHE", str(tmp_path / "server"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://{HOST}:1")
    copy = WorkingCopy.open(s3.make_bucket(tmp_path.name.replace("_", "-").lower()[-40:].strip("-")))
    shutil.copy(ROOT / "deploy" / "bucket" / "dagster.yaml", copy.folder)
    assert remembers_elsewhere(copy.folder)
    places = Places(copy.folder)
    places.inbox.mkdir(parents=True)
    for name, content in FILES.items():
        (places.inbox / name).write_bytes(content)
        os.utime(places.inbox / name, (LONG_AGO, LONG_AGO))
    return copy


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as made:
        yield made


def tick(copy: WorkingCopy, instance: dg.DagsterInstance) -> dg.SensorResult | dg.SkipReason:
    context = dg.build_sensor_context(instance, resources={"store": Store(root=str(copy.folder))})
    return inbox_sensor(context)  # type: ignore[return-value]


def asked(told: dg.SensorResult | dg.SkipReason) -> list[str | None]:
    return [run.partition_key for run in told.run_requests or []] if isinstance(told, dg.SensorResult) else []


def of_another(server: WorkingCopy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("XRAY_CACHE", str(tmp_path / "worker"))
    worker = WorkingCopy.open(server.bucket.url)
    worker.bring_up(whole=False)
    return Places(worker.folder)


def test_a_batch_is_asked_for_when_its_bytes_are_in_the_bucket_and_another_machine_takes_it_in(
    server: WorkingCopy, instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick(server, instance)
    assert asked(tick(server, instance)) == ["batch-0001"]
    commit, _ = read_commit(server.bucket)
    assert not [path for path in commit.files if "inbox" in path]
    shutil.rmtree(Places(server.folder).inbox)
    places = of_another(server, tmp_path, monkeypatch)
    monkeypatch.setattr(raw_store, "copy", lambda *_: pytest.fail("the file is on another machine"))
    rows = raw_store.take_in(places, read_plan(places, "batch-0001"))
    assert list(rows["intake"]) == ["stored"] * len(FILES)
    raws = [raw_store.read_raw(places, digest) for digest in rows["sha256"]]
    assert dict(zip(rows["relative"], raws, strict=True)) == FILES


def test_what_a_tick_has_no_time_for_comes_with_the_next(
    server: WorkingCopy, instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "TAKING_SECONDS", 0.0)
    monkeypatch.setattr(raw_store, "GROUP_FILES", 2)
    told = [asked(tick(server, instance)) for _ in range(4)]
    assert told == [[], [], [], ["batch-0001"]], "one to see that they lie still, three groups"
    places = of_another(server, tmp_path, monkeypatch)
    rows = raw_store.take_in(places, read_plan(places, "batch-0001"))
    assert sorted(rows["relative"]) == sorted(FILES)
    assert not rows.duplicated().any()


def test_while_a_command_works_on_the_store_nothing_is_asked_for_and_nothing_lost(
    server: WorkingCopy, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    tick(server, instance)
    lease = take_lease(server.bucket, server.home)
    assert asked(told := tick(server, instance)) == []
    assert isinstance(told, dg.SkipReason)
    assert "inbox-problem.txt" in str(told.skip_message)
    lease.release()
    assert asked(tick(server, instance)) == ["batch-0001"]


def test_plans_that_could_not_be_committed_are_made_again(
    server: WorkingCopy, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attack: the files are remembered as planned, and the plan that was given up is never made again."""
    tick(server, instance)
    with monkeypatch.context() as cut:
        cut.setattr(inbox, "take_in_some", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
        assert asked(tick(server, instance)) == []
    assert (server.folder / "data/raw/plans/batch-0001.json").exists(), "it is here, and no commit has it"
    assert read_commit(server.bucket)[1] is None
    told = [asked(tick(server, instance)) for _ in range(3)]
    assert ["batch-0001"] in told
    assert "data/raw/plans/batch-0001.json" in read_commit(server.bucket)[0].files


def test_where_dagster_remembers_in_the_store_the_inbox_waits_for_xray_ui(
    server: WorkingCopy, instance: dg.DagsterInstance
) -> None:
    (server.folder / "dagster.yaml").unlink()
    told = tick(server, instance)
    assert isinstance(told, dg.SkipReason)
    assert told.skip_message == UNLED


def test_some_of_a_batch_and_then_all_of_it_give_the_rows_of_one_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xray_platform.dicom.intake.batch_plan import plan_batches

    source = tmp_path / "source"
    source.mkdir()
    for name, content in FILES.items():
        (source / name).write_bytes(content)
    parts, whole = Places(tmp_path / "parts"), Places(tmp_path / "whole")
    monkeypatch.setattr(raw_store, "GROUP_FILES", 2)
    (plan,) = plan_batches(parts, source)
    said = [raw_store.take_in_some(parts, plan, 0.0) for _ in range(4)]
    assert said == [False, False, True, True]
    (same,) = plan_batches(whole, source)
    pd.testing.assert_frame_equal(raw_store.take_in(parts, plan), raw_store.take_in(whole, same))
