"""A webhook is told of what failed, once, and nothing else is."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from xray_platform.defs.alerts import alerts
from xray_platform.defs.partitions import BATCHES
from xray_platform.defs.webhook import VARIABLE
from xray_platform_tests.defs.webhook_double import Webhook, listening


@dg.asset(name="standard_images", partitions_def=BATCHES)
def standard_images() -> None: ...


@dg.asset_check(asset=standard_images, name="drift", partitions_def=BATCHES)
def drift(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    drifted = context.partition_key != "batch-0001"
    return dg.AssetCheckResult(
        passed=not drifted, severity=dg.AssetCheckSeverity.WARN, description="the tone differs from before"
    )


@dg.asset
def broken() -> None:
    raise ValueError("DOE^JANE is in no table")


DEFINITIONS = dg.Definitions([standard_images, broken], asset_checks=[drift], executor=dg.in_process_executor)
JOB = DEFINITIONS.resolve_implicit_global_asset_job_def()


class Ticks:
    """The sensor, one tick after the other."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance, self.cursor = instance, ""

    def batch(self, name: str) -> None:
        self.instance.add_dynamic_partitions(str(BATCHES.name), [name])
        chosen = [dg.AssetKey("standard_images")]
        assert JOB.execute_in_process(instance=self.instance, partition_key=name, asset_selection=chosen).success

    def failing_run(self) -> None:
        chosen = [dg.AssetKey("broken")]
        done = JOB.execute_in_process(instance=self.instance, asset_selection=chosen, raise_on_error=False)
        assert not done.success

    def next(self) -> SensorExecutionData:
        with dg.build_sensor_context(
            self.instance,
            cursor=self.cursor or None,
            repository_def=DEFINITIONS.get_repository_def(),
            instance_ref=self.instance.get_ref(),
        ) as context:
            tick = alerts.evaluate_tick(context)
        self.cursor = tick.cursor or self.cursor
        return tick


@pytest.fixture
def ticks(tmp_path: Path) -> Iterator[Ticks]:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:
        yield Ticks(instance)


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with listening() as made:
        monkeypatch.setenv(VARIABLE, made.url)
        yield made


def test_it_is_told_of_a_drifted_batch_and_of_a_failed_run_once(ticks: Ticks, webhook: Webhook) -> None:
    ticks.next()
    ticks.batch("batch-0001")
    assert ticks.next().skip_message == "nothing failed"
    ticks.batch("batch-0002")
    ticks.batch("batch-0003")
    ticks.failing_run()
    assert ticks.next().skip_message == "told of 3"
    ticks.next()
    assert len(webhook.told) == 1, "once"
    run, *checks = webhook.told[0]["alerts"]
    assert (run["kind"], run["failed"]) == ("run failed", "broken")
    assert [alert["batch"] for alert in checks] == ["batch-0002", "batch-0003"]
    assert checks[0]["text"] == (
        "warn: check drift of standard_images of batch-0002 did not pass: the tone differs from before"
    )
    assert webhook.told[0]["text"].splitlines() == webhook.texts, "what chat programs show"


def test_what_an_exception_says_is_not_sent(ticks: Ticks, webhook: Webhook) -> None:
    ticks.next()
    ticks.failing_run()
    ticks.next()
    assert webhook.texts
    assert "DOE" not in str(webhook.told)


def test_what_was_refused_is_sent_again_and_the_address_is_not_told(ticks: Ticks, webhook: Webhook) -> None:
    ticks.next()
    ticks.batch("batch-0002")
    for status in (500, 302):
        webhook.status = status
        why = str(ticks.next().skip_message)
        assert f"HTTP {status}" in why
        assert "secret-path" not in why
    webhook.status = 200
    assert ticks.next().skip_message == "told of 1"


def test_what_happened_before_there_was_a_webhook_is_not_told(
    ticks: Ticks, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    ticks.batch("batch-0002")
    assert ticks.next().skip_message == f"{VARIABLE} names no webhook"
    monkeypatch.setenv(VARIABLE, webhook.url)
    assert ticks.next().skip_message == "nothing failed"
    assert not webhook.told


@pytest.mark.parametrize("address", ["file:///etc/passwd", "example.org/hook", "ftp://127.0.0.1/x"])
def test_only_web_addresses_are_taken(ticks: Ticks, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv(VARIABLE, address)
    why = str(ticks.next().skip_message)
    assert "allowed: http" in why
    assert address not in why


def test_nobody_answers(ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "http://127.0.0.1:9/secret-path")
    ticks.next()
    ticks.batch("batch-0002")
    why = str(ticks.next().skip_message)
    assert "cannot be reached: ConnectionRefusedError" in why
    assert "secret-path" not in why
