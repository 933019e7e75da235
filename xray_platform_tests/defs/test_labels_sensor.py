"""Enough new labels retrain the models where a store asks for that, tick by tick."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from xray_platform.defs.asset_result import ROW_COUNT
from xray_platform.defs.graph import definitions
from xray_platform.defs.jobs import RETRAIN
from xray_platform.defs.labels_sensor import TAG, labels_sensor
from xray_platform.defs.store import Store

REPOSITORY = definitions().get_repository_def()
ON = "data_report: {retrain_on_labels: 100}\n"


class Ticks:
    """The sensor, one tick after the other, in a store whose labelled pictures become more."""

    def __init__(self, instance: dg.DagsterInstance, root: Path) -> None:
        self.instance, self.root = instance, root
        self.labelled = 0

    def divide(self, pictures: int, *, job: str = "cohort", fails: bool = False) -> None:
        """Divide that many pictures, in a run of this job that may fail afterwards."""
        self.labelled = pictures

        @dg.asset(name="splits")
        def splits() -> dg.MaterializeResult[None]:
            return dg.MaterializeResult(
                metadata={ROW_COUNT: self.labelled}, data_version=dg.DataVersion(str(self.labelled))
            )

        @dg.asset(deps=[splits])
        def model() -> None:
            if fails:
                raise ValueError("no model")

        chosen = dg.define_asset_job(job, selection="*", executor_def=dg.in_process_executor)
        made = dg.Definitions([splits, model], jobs=[chosen]).resolve_job_def(job)
        assert made.execute_in_process(instance=self.instance, raise_on_error=False).success is not fails

    def next(self) -> SensorExecutionData:
        with dg.build_sensor_context(
            self.instance,
            resources={"store": Store(root=str(self.root))},
            repository_def=REPOSITORY,
            instance_ref=self.instance.get_ref(),
        ) as context:
            return labels_sensor.evaluate_tick(context)


@pytest.fixture
def ticks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ticks]:
    monkeypatch.setenv("XRAY_ROOT", str(tmp_path))
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:
        yield Ticks(instance, tmp_path)


def asked(tick: SensorExecutionData) -> list[str]:
    return [str(request.tags[TAG]) for request in tick.run_requests or []]


def test_it_is_off_by_default(ticks: Ticks) -> None:
    ticks.divide(10_000)
    assert ticks.next().skip_message == "the setting retrain_on_labels of data_report is 0"


def test_enough_new_labels_start_a_retraining_and_it_begins_to_count_anew(ticks: Ticks) -> None:
    (ticks.root / "xray.yaml").write_text(ON)
    assert "no picture" in str(ticks.next().skip_message)
    ticks.divide(150, job=RETRAIN)
    ticks.divide(249)
    assert ticks.next().skip_message == "99 more pictures have labels, of 100 that are asked for"
    ticks.divide(250)
    assert asked(ticks.next()) == ["100"]
    ticks.divide(260, job=RETRAIN)
    assert ticks.next().skip_message == "0 more pictures have labels, of 100 that are asked for"
    ticks.divide(360)
    assert asked(ticks.next()) == ["100"]


def test_a_retraining_that_failed_counts_for_nothing_and_is_not_tried_again_at_once(ticks: Ticks) -> None:
    (ticks.root / "xray.yaml").write_text(ON)
    ticks.divide(150, job=RETRAIN)
    ticks.divide(300)
    (first,) = ticks.next().run_requests or []
    ticks.divide(300, job=RETRAIN, fails=True)
    (again,) = ticks.next().run_requests or []
    assert first.run_key == again.run_key, "Dagster starts one run a key"
    ticks.divide(310)
    (later,) = ticks.next().run_requests or []
    assert later.run_key != first.run_key
    assert asked(ticks.next()) == ["160"]


def test_while_a_retraining_runs_none_is_started(ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> None:
    (ticks.root / "xray.yaml").write_text(ON)
    ticks.divide(300)
    monkeypatch.setattr(dg.DagsterInstance, "get_runs_count", lambda *_: 1)
    assert ticks.next().skip_message == "a retraining is under way"


def test_settings_that_cannot_be_read_are_told(ticks: Ticks) -> None:
    (ticks.root / "xray.yaml").write_text("data_report: {retrain_on_labels: many}\n")
    assert "retrain_on_labels" in str(ticks.next().skip_message)
