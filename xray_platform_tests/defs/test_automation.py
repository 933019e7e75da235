"""What happens by itself: batches open for finished files, changes are followed, models retrain weekly."""

import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from xray_platform.defs import graph, inbox
from xray_platform.defs.automation import (
    AFTER_TRAINING,
    FOLLOW,
    FOLLOW_LABELS,
    FOLLOW_SPLITS,
    HOURLY,
    weekly_retraining,
)
from xray_platform.defs.checks import checks_of
from xray_platform.defs.expectations import schema_suite
from xray_platform.defs.failures import failure_record
from xray_platform.defs.inbox import inbox_sensor
from xray_platform.defs.models import NAMES
from xray_platform.defs.partitions import BATCHES
from xray_platform.defs.store import Store
from xray_platform.dicom.intake import batch_plan, inbox_watch
from xray_platform.dicom.intake.batch_plan import read_plan
from xray_platform.dicom.intake.inbox_watch import QUIET_SECONDS
from xray_platform.dicom.intake.raw_store import take_in
from xray_platform.tables.places import Places

REPOSITORY = graph.definitions().get_repository_def()
LONG_AGO = time.time() - 10 * QUIET_SECONDS


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as made:
        yield made


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("XRAY_ROOT", str(tmp_path))
    places = Places(tmp_path)
    places.inbox.mkdir(parents=True)
    return places


def drop(places: Places, name: str, *, at: float = LONG_AGO, content: bytes = b"picture") -> Path:
    path = places.inbox / name
    path.write_bytes(content)
    os.utime(path, (at, at))
    return path


class Ticks:
    """The inbox sensor, one tick after the other."""

    def __init__(self, instance: dg.DagsterInstance, places: Places) -> None:
        self.instance, self.store, self.cursor = instance, Store(root=str(places.root)), ""

    def next(self) -> SensorExecutionData:
        """Let Dagster evaluate the sensor as its daemon does, which refuses some of what a function may return."""
        with dg.build_sensor_context(
            self.instance,
            cursor=self.cursor,
            resources={"store": self.store},
            repository_def=REPOSITORY,
            instance_ref=self.instance.get_ref(),
        ) as context:
            tick = inbox_sensor.evaluate_tick(context)
        self.cursor = tick.cursor or ""
        return tick


def opened(tick: SensorExecutionData) -> list[str | None]:
    return [request.partition_key for request in tick.run_requests or []]


def test_a_file_that_lay_still_for_two_ticks_opens_a_batch(instance: dg.DagsterInstance, places: Places) -> None:
    drop(places, "one.dcm")
    ticks = Ticks(instance, places)
    assert opened(ticks.next()) == []
    result = ticks.next()
    assert opened(result) == ["batch-0001"]
    assert result.dynamic_partitions_requests
    assert [file.relative for file in read_plan(places, "batch-0001").files] == ["one.dcm"]


def test_files_wait_for_others_where_a_store_says_so_and_not_for_ever(
    instance: dg.DagsterInstance, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.settings.write_text("inbox: {gather_minutes: 30}\n")
    for name in ("one.dcm", "two.dcm"):
        drop(places, name)
    ticks = Ticks(instance, places)
    ticks.next()
    waiting = ticks.next()
    assert opened(waiting) == []
    assert waiting.skip_message == "2 finished files wait for others, 30 minutes at most"
    drop(places, "three.dcm")
    ticks.next()
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + 31 * 60)
    assert opened(ticks.next()) == ["batch-0001"]
    assert len(read_plan(places, "batch-0001").files) == 3


def test_a_full_batch_waits_for_nobody(
    instance: dg.DagsterInstance, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.settings.write_text("inbox: {gather_minutes: 30}\n")
    monkeypatch.setattr(inbox, "BATCH_SIZE", 3)
    for number in range(3):
        drop(places, f"{number}.dcm")
    ticks = Ticks(instance, places)
    ticks.next()
    assert opened(ticks.next()) == ["batch-0001"]


def test_a_file_that_grows_is_left_until_it_is_finished(instance: dg.DagsterInstance, places: Places) -> None:
    drop(places, "done.dcm")
    drop(places, "growing.dcm", content=b"half")
    drop(places, "copying.dcm.part")
    ticks = Ticks(instance, places)
    ticks.next()
    drop(places, "growing.dcm", content=b"three quarters", at=time.time())
    assert opened(ticks.next()) == ["batch-0001"]
    assert [file.relative for file in read_plan(places, "batch-0001").files] == ["done.dcm"]
    instance.add_dynamic_partitions(str(BATCHES.name), ["batch-0001"])
    os.utime(places.inbox / "growing.dcm", (LONG_AGO, LONG_AGO))
    ticks.next()
    assert opened(ticks.next()) == ["batch-0002"]
    assert [file.relative for file in read_plan(places, "batch-0002").files] == ["growing.dcm"]


def test_boxes_in_the_inbox_are_taken_in_with_their_pictures_and_when_they_come_later(
    instance: dg.DagsterInstance, places: Places
) -> None:
    drop(places, "one.dcm")
    drop(places, "boxes.csv", content=b"file,x,y,width,height,finding\none.dcm,1,2,3,4,mass\ntwo.dcm,1,2,3,4,mass\n")
    ticks = Ticks(instance, places)
    ticks.next()
    assert opened(ticks.next()) == ["batch-0001"]
    (file,) = read_plan(places, "batch-0001").files
    assert (file.relative, len(file.boxes or ())) == ("one.dcm", 1)
    instance.add_dynamic_partitions(str(BATCHES.name), ["batch-0001"])
    drop(places, "two.dcm", content=b"another picture")
    ticks.next()
    assert opened(ticks.next()) == ["batch-0002"]
    (file,) = read_plan(places, "batch-0002").files
    assert (file.relative, len(file.boxes or ())) == ("two.dcm", 1)
    instance.add_dynamic_partitions(str(BATCHES.name), ["batch-0002"])
    drop(places, "boxes.csv", content=b"file,x,y,width,height,finding\none.dcm,5,6,7,8,mass\n", at=LONG_AGO + 1)
    ticks.next()
    assert opened(ticks.next()) == ["batch-0003"]
    assert [file.relative for file in read_plan(places, "batch-0003").files] == ["one.dcm"]


def test_nothing_new_opens_nothing(instance: dg.DagsterInstance, places: Places) -> None:
    drop(places, "one.dcm")
    ticks = Ticks(instance, places)
    ticks.next()
    ticks.next()
    instance.add_dynamic_partitions(str(BATCHES.name), ["batch-0001"])
    assert "1 files in the inbox, none of them new" in str(ticks.next().skip_message)


def test_only_new_files_are_looked_at_however_many_lie_there(
    instance: dg.DagsterInstance, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    (places.inbox / "first").mkdir()
    for number in range(5):
        drop(places, f"first/{number}.dcm", content=bytes([number]))
    os.utime(places.inbox / "first", (LONG_AGO, LONG_AGO))
    ticks = Ticks(instance, places)
    ticks.next()
    assert opened(ticks.next()) == ["batch-0001"]
    instance.add_dynamic_partitions(str(BATCHES.name), ["batch-0001"])
    ticks.next()
    entered: list[str] = []
    looked_at: list[str] = []
    listed, planned = inbox_watch._listed, batch_plan._planned

    def listing(folder: Path) -> Any:
        entered.append(folder.name)
        return listed(folder)

    def planning(file: Any, *said: Any) -> Any:
        looked_at.append(file.relative)
        return planned(file, *said)

    monkeypatch.setattr(inbox_watch, "_listed", listing)
    monkeypatch.setattr(batch_plan, "_planned", planning)
    drop(places, "sixth.dcm", content=b"6")
    ticks.next()
    assert opened(ticks.next()) == ["batch-0002"]
    assert looked_at == ["sixth.dcm"]
    assert set(entered) == {"inbox"}, "nothing changed in the other folder"


def test_what_is_written_over_in_its_place_is_noticed_by_the_next_thorough_look(
    instance: dg.DagsterInstance, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(places, "one.dcm")
    os.utime(places.inbox, (LONG_AGO, LONG_AGO))
    ticks = Ticks(instance, places)
    ticks.next()
    assert opened(ticks.next()) == ["batch-0001"]
    instance.add_dynamic_partitions(str(BATCHES.name), ["batch-0001"])
    ticks.next()
    drop(places, "one.dcm", content=b"another picture", at=LONG_AGO + 1)
    assert [opened(ticks.next()) for _ in range(3)] == [[], [], []]
    monkeypatch.setattr(inbox_watch, "ENTERED_EVERY_S", 0.0)
    ticks.next()
    assert opened(ticks.next()) == ["batch-0002"]


def test_labels_that_come_later_are_taken_for_pictures_that_were_there(
    instance: dg.DagsterInstance, places: Places
) -> None:
    for name in ("one.dcm", "two.dcm"):
        drop(places, name, content=name.encode())
    ticks = Ticks(instance, places)
    ticks.next()
    assert opened(ticks.next()) == ["batch-0001"]
    instance.add_dynamic_partitions(str(BATCHES.name), ["batch-0001"])
    drop(places, "labels.csv", content=b"file,label\ntwo.dcm,normal\n")
    ticks.next()
    assert opened(ticks.next()) == ["batch-0002"]
    assert [(file.relative, file.label) for file in read_plan(places, "batch-0002").files] == [("two.dcm", "normal")]


def test_a_batch_whose_run_was_never_asked_for_is_asked_for_again(instance: dg.DagsterInstance, places: Places) -> None:
    drop(places, "one.dcm")
    ticks = Ticks(instance, places)
    ticks.next()
    ticks.next()
    assert opened(ticks.next()) == ["batch-0001"]


def test_a_wrong_labels_file_is_told_without_naming_files(instance: dg.DagsterInstance, places: Places) -> None:
    drop(places, "SMITH^JOHN.dcm")
    drop(places, "labels.csv", content=b"file,label\nSMITH^JANE.dcm,normal\n")
    ticks = Ticks(instance, places)
    ticks.next()
    said = ticks.next()
    assert said.skip_message
    assert "SMITH" not in str(said.skip_message)
    assert "SMITH^JANE.dcm" in (places.raw / "inbox-problem.txt").read_text()


def test_what_dagster_remembers_of_the_inbox_names_no_file(instance: dg.DagsterInstance, places: Places) -> None:
    (places.inbox / "KOWALSKA^JANINA").mkdir()
    drop(places, "KOWALSKA^JANINA/19470312.dcm")
    ticks = Ticks(instance, places)
    ticks.cursor = '{"/data/inbox/KOWALSKA^JANINA.dcm": [1, 2]}'  # as an earlier version left it
    for tick in (ticks.next(), ticks.next()):
        assert "KOWALSKA" not in repr(tick)
        assert re.fullmatch("[0-9a-f]{16}", ticks.cursor)
    drop(places, "KOWALSKA^JANINA/19470312.dcm", content=b"another one")
    before = ticks.cursor
    ticks.next()
    assert ticks.cursor != before


def test_what_cannot_be_read_is_not_tried_at_every_tick(instance: dg.DagsterInstance, places: Places) -> None:
    (places.inbox / "broken.dcm").symlink_to(places.inbox / ("x" * 300))
    drop(places, "one.dcm")
    ticks = Ticks(instance, places)
    ticks.next()
    assert opened(ticks.next()) == ["batch-0001"]
    take_in(places, read_plan(places, "batch-0001"))
    instance.add_dynamic_partitions(str(BATCHES.name), ["batch-0001"])
    assert [opened(ticks.next()) for _ in range(3)] == [[], [], []]


def test_models_retrain_every_sunday(instance: dg.DagsterInstance) -> None:
    definitions = graph.definitions()
    context = dg.build_schedule_context(
        instance=instance,
        scheduled_execution_time=datetime(2026, 11, 22, 3, tzinfo=UTC),
        repository_def=definitions.get_repository_def(),
    )
    tick = weekly_retraining.evaluate_tick(context)
    assert len(tick.run_requests or []) == 1
    assert (weekly_retraining.cron_schedule, weekly_retraining.execution_timezone) == ("0 3 * * 0", "UTC")
    job = definitions.resolve_job_def("retrain")
    names = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert {"labels", "splits", "pca_residual", "attention_cnn", "attention_cnn_report", "champion"} <= names
    assert "raw_archive" not in names


def test_a_change_is_followed_only_where_blocking_checks_passed(instance: dg.DagsterInstance) -> None:
    verdict = {"good": True, "bad": False}

    @dg.asset(partitions_def=BATCHES)
    def above() -> None: ...

    @dg.asset_check(asset=above, blocking=True, partitions_def=BATCHES)
    def sound(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=verdict[context.partition_key])

    @dg.asset(partitions_def=BATCHES, deps=[above], automation_condition=FOLLOW)
    def below() -> None: ...

    definitions = dg.Definitions(assets=[above, below], asset_checks=[sound])
    instance.add_dynamic_partitions(str(BATCHES.name), ["good", "bad"])
    first = dg.evaluate_automation_conditions(definitions, instance)
    for batch in ("good", "bad"):
        job = definitions.resolve_implicit_global_asset_job_def()
        job.execute_in_process(
            instance=instance, partition_key=batch, asset_selection=[dg.AssetKey("above")], raise_on_error=False
        )
    second = dg.evaluate_automation_conditions(definitions, instance, cursor=first.cursor)
    assert second.get_requested_partitions(dg.AssetKey("below")) == {"good"}


@pytest.mark.parametrize("passed", [True, False])
def test_after_a_training_comes_the_rest_only_where_blocking_checks_passed(
    instance: dg.DagsterInstance, passed: bool
) -> None:
    @dg.asset
    def model() -> None: ...

    @dg.asset_check(asset=model, blocking=True)
    def finite() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=passed)

    @dg.asset(deps=[model], automation_condition=AFTER_TRAINING)
    def scores() -> None: ...

    definitions = dg.Definitions(assets=[model, scores], asset_checks=[finite])
    first = dg.evaluate_automation_conditions(definitions, instance)
    assert first.get_num_requested(scores.key) == 0
    job = definitions.resolve_implicit_global_asset_job_def()
    job.execute_in_process(instance=instance, asset_selection=[model.key], raise_on_error=False)
    second = dg.evaluate_automation_conditions(definitions, instance, cursor=first.cursor)
    assert second.get_num_requested(scores.key) == int(passed)


def test_each_asset_follows_what_it_should() -> None:
    """Raw bytes and models are made when somebody asks for them; everything else follows, each by its condition."""
    conditions = (FOLLOW, HOURLY, FOLLOW_LABELS, FOLLOW_SPLITS, AFTER_TRAINING)
    named = dict(zip(map(id, conditions), ("follow", "hourly", "labels", "splits", "training"), strict=True))
    found = {asset.name: named.get(id(asset.declared.automation), "by hand") for asset in graph.assets()}
    batches = [asset.name for asset in graph.assets() if asset.declared.group == "imaging"]
    by_batch = ["quality", "images", *batches, "predictions"]
    evaluation = [asset.name for asset in graph.assets() if asset.declared.group == "evaluation"]
    assert found == {
        "raw_archive": "by hand",
        **dict.fromkeys(NAMES, "by hand"),
        **dict.fromkeys(by_batch, "follow"),
        "labels": "hourly",
        "boxes": "hourly",
        "splits": "labels",
        **dict.fromkeys(evaluation, "training"),
        "label_shortcuts": "splits",
        "monitoring": "hourly",
        "data_report": "splits",
        "cross_validation": "by hand",
        "hyperparameter_search": "by hand",
    }


def test_schedules_and_sensors_run_without_anybody_switching_them_on() -> None:
    definitions = graph.definitions()
    for schedule in definitions.schedules or []:
        assert isinstance(schedule, dg.ScheduleDefinition)
        assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING, schedule.name
    for sensor in definitions.sensors or []:
        assert isinstance(sensor, dg.SensorDefinition)
        assert sensor.default_status is dg.DefaultSensorStatus.RUNNING, sensor.name


def test_labels_are_made_at_the_hour_for_all_batches_since_though_another_failed(instance: dg.DagsterInstance) -> None:
    @dg.asset(partitions_def=BATCHES)
    def images(context: dg.AssetExecutionContext) -> None:
        if context.partition_key == "bad":
            raise dg.Failure(description="broken")

    @dg.asset(deps=[images], automation_condition=HOURLY)
    def labels() -> None: ...

    @dg.asset_check(asset=labels, blocking=True)
    def sound() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)

    @dg.asset(deps=[labels, images], automation_condition=FOLLOW_LABELS)
    def splits() -> None: ...

    definitions = dg.Definitions(assets=[images, labels, splits], asset_checks=[sound])
    instance.add_dynamic_partitions(str(BATCHES.name), ["good", "bad", "better", "never run"])
    run = definitions.resolve_implicit_global_asset_job_def().execute_in_process
    tick = dg.evaluate_automation_conditions(definitions, instance, evaluation_time=at(9, 50))

    def requested(time: datetime) -> list[str]:
        nonlocal tick
        tick = dg.evaluate_automation_conditions(definitions, instance, cursor=tick.cursor, evaluation_time=time)
        return [key.to_user_string() for key in (labels.key, splits.key) if tick.get_num_requested(key)]

    for minute, batch in ((55, "good"), (56, "bad"), (57, "better")):
        run(instance=instance, partition_key=batch, asset_selection=[images.key], raise_on_error=False)
        assert requested(at(9, minute)) == [], "not after every batch"
    assert requested(at(10, 1)) == ["labels"]
    run(instance=instance, asset_selection=[labels.key])
    assert requested(at(10, 2)) == ["splits"]
    run(instance=instance, asset_selection=[splits.key])
    assert requested(at(11, 1)) == [], "nothing changed since"


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 11, 22, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["step", "cause", "check", "settings", "crash"])
def test_a_failed_run_leaves_a_record_of_what_failed_and_why(
    instance: dg.DagsterInstance, places: Places, kind: str
) -> None:
    @dg.asset
    def broken() -> None:
        if kind == "step":
            raise dg.Failure(description="the labels file names no normal picture")
        if kind == "cause":
            try:
                int("the last of them")
            except ValueError as error:
                raise RuntimeError("one of many") from error

    @dg.asset_check(asset=broken, blocking=True)
    def identity() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=kind != "check", metadata={"failed": ["3 values fail"]})

    class Cupboard(dg.ConfigurableResource):  # type: ignore[type-arg]
        def setup_for_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - as Dagster calls it
            if kind == "settings":
                raise dg.Failure(description="no such folder")

    @dg.asset(deps=[broken])
    def after(cupboard: Cupboard) -> None: ...

    definitions = dg.Definitions(assets=[broken, after], asset_checks=[identity], resources={"cupboard": Cupboard()})
    job = definitions.resolve_implicit_global_asset_job_def()
    if kind == "crash":
        run = instance.create_run_for_job(job)
        instance.report_run_failed(run, "Run process died with exit code -9")
    else:
        found = instance.get_run_by_id(job.execute_in_process(instance=instance, raise_on_error=False).run_id)
        assert found is not None
        run = found
    assert_record(instance, run, places, kind)


def assert_record(instance: dg.DagsterInstance, run: dg.DagsterRun, places: Places, kind: str) -> None:
    events = [entry.dagster_event for entry in instance.all_logs(run.run_id) if entry.dagster_event]
    (failure,) = (event for event in events if event.event_type_value == "PIPELINE_FAILURE")
    context = dg.build_run_status_sensor_context(
        sensor_name="failure_record", dagster_event=failure, dagster_instance=instance, dagster_run=run
    ).for_run_failure()
    failure_record(context)
    record = (places.failures / f"{run.run_id}.md").read_text()
    assert {
        "step": "- `broken`: the labels file names no normal picture",
        "cause": "- `broken`: ValueError: invalid literal for int() with base 10: 'the last of them'",
        "check": "- `broken: identity`: 3 values fail",
        "settings": "no such folder",
        "crash": "- `run`: Run process died with exit code -9",
    }[kind] in record


def test_checks_and_sensors_are_loaded() -> None:
    definitions = graph.definitions()
    dg.Definitions.validate_loadable(definitions)
    names = {sensor.name for sensor in definitions.sensors or []}
    assert names == {"follow_changes", "inbox_sensor", "drift_sensor", "labels_sensor", "alerts", "failure_record"}


def test_a_raw_table_is_never_validated(tmp_path: Path) -> None:
    from xray_platform.defs.validation import validate
    from xray_platform.errors import StoreError
    from xray_platform.tables.all import CATALOGUE

    with pytest.raises(StoreError, match="holds identity; only de-identified tables are validated"):
        validate(Places(tmp_path), schema_suite(CATALOGUE), CATALOGUE.frame([]), "batch-0001")
    assert checks_of("images", [], by_batch=True) is not None
