"""Alerts: a webhook is told of each run that failed and each check that did not pass, drift among them."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from xray_platform.defs.batch_states import PARTITION_TAG, failed_steps
from xray_platform.defs.dagster_internals import AssetCheckExecutionRecord, AssetCheckExecutionRecordStatus
from xray_platform.defs.webhook import VARIABLE, Alert, post_alerts, webhook_url
from xray_platform.errors import XrayError

MOST = 20
"""Failed runs, and results of one check, that a tick tells of, the last ones."""


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=f"Where the environment names a webhook ({VARIABLE}): tells it of failed runs and failed checks.",
)
def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """What happened while there was no webhook is not told later; what a webhook did not take is sent again."""
    now = time.time()
    try:
        url = webhook_url()
    except XrayError as error:
        return dg.SkipReason(str(error))
    if not url or not context.cursor:
        context.update_cursor(json.dumps(now))
        return dg.SkipReason("told from now on" if url else f"{VARIABLE} names no webhook")
    since = float(json.loads(context.cursor))
    found = [*_failed_runs(context.instance, since, now), *_failed_checks(context, since, now)]
    if found:
        try:
            post_alerts(url, found)
        except XrayError as error:
            return dg.SkipReason(f"{error}; tried again at the next tick")
    context.update_cursor(json.dumps(now))
    return dg.SkipReason(f"told of {len(found)}" if found else "nothing failed")


def _failed_runs(instance: dg.DagsterInstance, since: float, until: float) -> Iterator[Alert]:
    after, before = (datetime.fromtimestamp(moment, UTC) for moment in (since, until))
    failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=after, updated_before=before)
    for record in instance.get_run_records(failed, limit=MOST):
        run = record.dagster_run
        batch = run.tags.get(PARTITION_TAG, "")
        steps = ", ".join(failed_steps(instance, run.run_id)) or "before any step"
        of_batch = f" of {batch}" if batch else ""
        text = f"run {run.run_id} ({run.job_name}){of_batch} failed: {steps}"
        yield {
            "kind": "run failed",
            "run": run.run_id,
            "job": run.job_name,
            "batch": batch,
            "failed": steps,
            "text": text,
        }


def _failed_checks(context: dg.SensorEvaluationContext, since: float, until: float) -> Iterator[Alert]:
    if context.repository_def is None:
        return
    storage, failed = context.instance.event_log_storage, {AssetCheckExecutionRecordStatus.FAILED}
    for key in sorted(context.repository_def.asset_graph.asset_check_keys):
        records = storage.get_asset_check_execution_history(key, limit=MOST, status=failed)
        told = (record for record in reversed(records) if since < _moment(record) <= until)
        yield from (_of_check(key, record) for record in told)


def _moment(record: AssetCheckExecutionRecord) -> float:
    """Return when a check was evaluated, in seconds since 1970; a record is made when its check is planned."""
    return record.event.timestamp if record.event else 0.0


def _of_check(key: dg.AssetCheckKey, record: AssetCheckExecutionRecord) -> Alert:
    asset = key.asset_key.to_user_string()
    evaluation = record.evaluation
    severity = evaluation.severity.value.lower() if evaluation else "error"
    why = (evaluation.description if evaluation else "") or ""
    batch = record.partition or ""
    of_batch = f" of {batch}" if batch else ""
    text = f"{severity}: check {key.name} of {asset}{of_batch} did not pass" + (f": {why}" if why else "")
    return {
        "kind": "check failed", "run": record.run_id, "asset": asset, "check": key.name, "batch": batch,
        "severity": severity, "text": text,
    }  # fmt: skip
