"""Operator metrics: intake, queue, training, drift and the model in use, as Prometheus reads them.

What a running server counts stands in its own metrics (`serving/http/metrics.py`); these are of the store. No label and
no value names a picture, a file or a person.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator

import dagster as dg
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily

from xray_platform.defs.batch_states import unfinished
from xray_platform.defs.dagster_internals import AssetCheckExecutionRecordStatus
from xray_platform.defs.jobs import ENDED, JOBS, UNDER_WAY
from xray_platform.defs.local_runner import LocalRunner
from xray_platform.tables.all import ALL, LEADERBOARD, QUALITY
from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.registry import champion

FIGURES = ("val_auroc", "auroc", "sensitivity", "specificity", "brier")
"""Of the leaderboard: the AUROC of the validation part, and what was measured on the test part."""
Gauges = Iterator[GaugeMetricFamily]


class StoreMetrics:
    """The figures of a store, read anew each time that somebody asks for them."""

    def __init__(self, store: LocalRunner) -> None:
        self._store = store

    def collect(self) -> Gauges:
        """Yield them all, as `prometheus_client` asks a collector."""
        store = self._store
        yield from _intake(store)
        yield from _runs(store.instance)
        yield from _checks(store)
        yield from _models(store.places)
        yield _gauge("xray_disk_free_bytes", "room on the disk of the store, bytes", [((), _free_bytes(store.places))])


def store_registry(store: LocalRunner) -> CollectorRegistry:
    """Return a registry of these figures alone; nothing is read before somebody asks it."""
    registry = CollectorRegistry()
    registry.register(StoreMetrics(store))
    return registry


def _intake(store: LocalRunner) -> Gauges:
    places, batches, open_batches = store.places, len(store.batches()), unfinished(store)
    failed = sum(bool(state.run_id) for state in open_batches)
    states = {("done",): batches - len(open_batches), ("failed",): failed, ("open",): len(open_batches) - failed}
    yield _gauge("xray_batches", "batches by what became of their intake", states.items(), "state")
    yield _gauge("xray_inbox_files", "files in the inbox, taken in or not", [((), _files(places))])
    rows = {(table.name,): table.count(places) for table in ALL}
    yield _gauge("xray_table_rows", "rows of a table", rows.items(), "table")
    findings = Counter(str(severity) for severity in QUALITY.read(places, columns=["severity"])["severity"])
    found = {(severity,): count for severity, count in sorted(findings.items())}
    yield _gauge("xray_quality_findings", "what the quality rules found, by severity", found.items(), "severity")


def _runs(instance: dg.DagsterInstance) -> Gauges:
    counted, ended = {}, {}
    for job in JOBS:
        for status in (*UNDER_WAY, *ENDED):
            count = instance.get_runs_count(dg.RunsFilter(job_name=job, statuses=[status]))
            counted[job, status.value.lower()] = count
        done = dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.SUCCESS])
        if last := instance.get_run_records(done, limit=1):
            ended[(job,)] = last[0].end_time or last[0].update_timestamp.timestamp()
    yield _gauge(
        "xray_runs",
        "runs of Dagster by job and status; those of other names are not counted",
        counted.items(),
        "job",
        "status",
    )
    name = "xray_run_last_success_timestamp_seconds"
    yield _gauge(name, "when a run of this job last ended well, seconds since 1970", ended.items(), "job")


def _checks(store: LocalRunner) -> Gauges:
    """Say which checks did not pass when they were last run; of a check by batch it is the one of the newest batch."""
    keys = sorted(store.checks())
    last = store.instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    values = {}
    for key, record in sorted(last.items()):
        if record.evaluation is not None:
            severity = record.evaluation.severity.value.lower()
            failed = record.status is AssetCheckExecutionRecordStatus.FAILED
            values[key.asset_key.to_user_string(), key.name, severity] = int(failed)
    yield _gauge(
        "xray_check_failed",
        "1: the check did not pass (drift among them)",
        values.items(),
        "asset",
        "check",
        "severity",
    )


def _models(places: Places) -> Gauges:
    board = LEADERBOARD.read(places)
    figures = {
        (str(row["model"]), figure): float(row[figure])
        for row in board.to_dict("records")
        for figure in FIGURES
        if row[figure] == row[figure]
    }
    yield _gauge("xray_model_figure", "figures of the leaderboard", figures.items(), "model", "figure")
    held = None if board.empty else champion(open_tracking(places))
    in_use = {(held.model, held.version): 1} if held else {}
    yield _gauge("xray_champion_info", "the model in use", in_use.items(), "model", "version")


def _gauge(name: str, said: str, values: Iterable[tuple[tuple[str, ...], float]], *labels: str) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, said, labels=labels)
    for label_values, value in values:
        gauge.add_metric(label_values, value)
    return gauge


def _files(places: Places) -> int:
    return sum(len(names) for _, _, names in os.walk(places.inbox))


def _free_bytes(places: Places) -> int:
    space = os.statvfs(places.root)
    return space.f_bavail * space.f_frsize
