"""A batch that differs retrains the models where a store asks for it: tick by tick, and through the real daemon."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from xray_platform.defs import drift_sensor as room
from xray_platform.defs.drift_sensor import CHECK, TAG, drift_sensor
from xray_platform.defs.graph import definitions
from xray_platform.defs.jobs import RETRAIN
from xray_platform.defs.labels_sensor import TAG as NEW_LABELS
from xray_platform.defs.local_runner import LocalRunner
from xray_platform.defs.partitions import BATCHES
from xray_platform.defs.store import Store
from xray_platform.defs.webhook import VARIABLE
from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.tables.all import IMAGES
from xray_platform.tables.places import Places
from xray_platform_tests.conftest import KEY
from xray_platform_tests.defs.conftest import SECONDS, Interfaces, served
from xray_platform_tests.defs.test_daemon import within
from xray_platform_tests.defs.webhook_double import Webhook, listening

REPOSITORY = definitions().get_repository_def()
ON = "data_report: {retrain_on_drift: true, fewest_subjects: 10}\n"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as made:
        yield made


class Ticks:
    """The sensor, one tick after the other, in a store with some batches of which some have labels."""

    def __init__(self, instance: dg.DagsterInstance, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.instance, self.root, self.cursor = instance, root, ""
        self.labelled: set[str] = set()
        monkeypatch.setenv("XRAY_ROOT", str(root))
        monkeypatch.setattr(room, "read_plan", self._plan)

    def _plan(self, _places: Places, batch: str) -> Any:
        label = "NORMAL" if batch in self.labelled else None
        return SimpleNamespace(files=[SimpleNamespace(label=label)])

    def check(self, batch: str, *, drifted: bool) -> None:
        """Let the check look at a batch, as a run of Dagster's notes it."""

        @dg.asset(name="standard_images", partitions_def=BATCHES)
        def standard_images() -> None: ...

        @dg.asset_check(asset=standard_images, name="drift", partitions_def=BATCHES)
        def drift() -> dg.AssetCheckResult:
            return dg.AssetCheckResult(passed=not drifted, severity=dg.AssetCheckSeverity.WARN)

        self.instance.add_dynamic_partitions(str(BATCHES.name), [batch])
        made = dg.Definitions(assets=[standard_images], asset_checks=[drift], executor=dg.in_process_executor)
        job = made.resolve_implicit_global_asset_job_def()
        assert job.execute_in_process(instance=self.instance, partition_key=batch).success

    def next(self) -> SensorExecutionData:
        with dg.build_sensor_context(
            self.instance,
            cursor=self.cursor,
            resources={"store": Store(root=str(self.root))},
            repository_def=REPOSITORY,
            instance_ref=self.instance.get_ref(),
        ) as context:
            tick = drift_sensor.evaluate_tick(context)
        self.cursor = tick.cursor or ""
        return tick


@pytest.fixture
def ticks(instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ticks:
    return Ticks(instance, tmp_path, monkeypatch)


def asked(tick: SensorExecutionData) -> list[str]:
    return [str(request.tags[TAG]) for request in tick.run_requests or []]


def test_a_labelled_batch_that_drifted_starts_one_retraining(ticks: Ticks) -> None:
    (ticks.root / "xray.yaml").write_text(ON)
    ticks.labelled = {"batch-0001", "batch-0002"}
    ticks.check("batch-0001", drifted=False)
    assert asked(ticks.next()) == []
    ticks.check("batch-0002", drifted=True)
    assert asked(ticks.next()) == ["batch-0002"]
    assert asked(ticks.next()) == [], "once is enough"


def test_a_batch_without_labels_waits_for_them(ticks: Ticks) -> None:
    (ticks.root / "xray.yaml").write_text(ON)
    ticks.check("batch-0002", drifted=True)
    waits = ticks.next()
    assert waits.skip_message == "none of them has labels yet"
    ticks.labelled = {"batch-0002"}
    assert asked(ticks.next()) == ["batch-0002"]


def test_it_is_off_by_default_and_what_was_found_meanwhile_starts_nothing_later(ticks: Ticks) -> None:
    ticks.labelled = {"batch-0001", "batch-0002"}
    ticks.check("batch-0001", drifted=True)
    off = ticks.next()
    assert off.skip_message == "the setting retrain_on_drift of data_report is off"
    (ticks.root / "xray.yaml").write_text(ON)
    assert asked(ticks.next()) == []
    ticks.check("batch-0002", drifted=True)
    assert asked(ticks.next()) == ["batch-0002"]


def test_while_a_retraining_runs_none_is_started(ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> None:
    (ticks.root / "xray.yaml").write_text(ON)
    ticks.labelled = {"batch-0001"}
    ticks.check("batch-0001", drifted=True)
    with monkeypatch.context() as patch:
        patch.setattr(dg.DagsterInstance, "get_runs_count", lambda *_: 1)
        assert ticks.next().skip_message == "a retraining is under way"
    assert asked(ticks.next()) == ["batch-0001"]


def test_settings_that_cannot_be_read_are_told(ticks: Ticks) -> None:
    (ticks.root / "xray.yaml").write_text("data_report: {retrain_on_drift: perhaps}\n")
    assert "retrain_on_drift" in str(ticks.next().skip_message)


def test_the_check_is_the_one_of_the_graph() -> None:
    assert CHECK in definitions().resolve_asset_graph().asset_check_keys


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with listening() as made:
        monkeypatch.setenv(VARIABLE, made.url)
        yield made


INTAKE = ("raw_archive", "quality", "images", "standard_images")


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A store with a first delivery, of large images, and a second one beside it, of small ones."""
    monkeypatch.setenv("XRAY_KEY", KEY)
    made = Places(tmp_path / "store")
    monkeypatch.setenv("XRAY_ROOT", str(made.root))
    for name, side, seed in (("first", 256, 5), ("second", 128, 6)):
        write_archive(tmp_path / name, ArchiveSettings(pictures=24, side=side, seed=seed, broken=False), workers=1)
    plan_batches(made, tmp_path / "first", origin="phantom")
    return made


def take_in(places: Places, assets: Sequence[str]) -> None:
    store = LocalRunner(places, definitions())
    assert all(outcome.success for outcome in store.run([dg.AssetKey(name) for name in assets], lambda _: None))
    store.close()
    assert IMAGES.read(places)["subject"].nunique() >= 10


def retrained(interfaces: Interfaces, tags: dict[str, Any]) -> Callable[[], bool]:
    def started() -> bool:
        found = interfaces.instance.get_runs(dg.RunsFilter(job_name=RETRAIN, tags=tags))
        return any(run.status in {dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.SUCCESS} for run in found)

    return started


@pytest.mark.timeout(900)
def test_the_daemon_starts_it_for_a_batch_in_the_inbox_and_tells_of_it(
    tmp_path: Path, places: Places, webhook: Webhook
) -> None:
    (places.root / "xray.yaml").write_text(ON)
    take_in(places, INTAKE)
    with served(places.root) as interfaces:
        places.inbox.mkdir(parents=True, exist_ok=True)
        labels = pd.read_csv(tmp_path / "second" / "labels.csv")
        for file in labels["file"]:
            shutil.copyfile(tmp_path / "second" / file, places.inbox / file.replace("/", "-"))
        named = labels.assign(file=labels["file"].str.replace("/", "-"))
        named.to_csv(places.inbox / "labels.csv", index=False)
        started = retrained(interfaces, {TAG: "batch-0002"})
        assert within(2 * SECONDS, started), "a retraining for the second delivery"
        told = "check drift of standard_images of batch-0002 did not pass"
        assert within(SECONDS, lambda: any(told in text for text in webhook.texts))


@pytest.mark.timeout(900)
def test_the_daemon_starts_one_for_new_labels(places: Places) -> None:
    (places.root / "xray.yaml").write_text("data_report: {retrain_on_labels: 20}\n")
    take_in(places, (*INTAKE, "labels", "splits"))
    with served(places.root) as interfaces:
        assert within(2 * SECONDS, retrained(interfaces, {NEW_LABELS: "24"}))
