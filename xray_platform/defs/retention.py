"""Retention: finished runs are forgotten after a while, with their events and logs, unless something rests on them.

Dagster purges the ticks of sensors and schedules (`dagster.yaml`), and of runs nothing. A store runs something every
hour, and what a run made is told by its newest record alone. So a run is kept while it made the newest
materialisation of any asset or batch, and a failed one until what it was to make was made.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
from pydantic import Field

from xray_platform.defs.batch_states import PARTITION_TAG
from xray_platform.defs.config_fields import config_schema
from xray_platform.defs.instance import is_embedded
from xray_platform.defs.jobs import ENDED
from xray_platform.defs.materializations import last_record, runs_of_last
from xray_platform.defs.store import Store
from xray_platform.settings import Settings
from xray_platform.tables.places import Places

SECTION = "runs"
"""How `xray.yaml` calls these settings."""
JOB = "forget_runs"
CRON = "30 4 * * *"
AT_ONCE = 500  # runs that one query asks for


class RetentionSettings(Settings):
    """How long finished runs are remembered."""

    keep_runs_days: int = Field(
        90,
        ge=1,
        le=36_500,
        description="after so many days a finished run is forgotten, with its events and logs, unless an asset or a "
        "batch was made last in it, or what failed in it was not made since",
        json_schema_extra={"unit": "day"},
    )


def forgettable(instance: dg.DagsterInstance, before: datetime) -> Iterator[str]:
    """Yield the finished runs from before a moment that nothing rests on, the oldest first; nothing is changed."""
    kept = {run_id for key in instance.all_asset_keys() for run_id in runs_of_last(instance, key)}
    filters, cursor = dg.RunsFilter(statuses=ENDED, created_before=before), None
    while records := instance.get_run_records(filters, limit=AT_ONCE, ascending=True, cursor=cursor):
        for record in records:
            run = record.dagster_run
            if run.run_id not in kept and not _still_failed(instance, record):
                yield run.run_id
        cursor = records[-1].dagster_run.run_id


def _still_failed(instance: dg.DagsterInstance, record: dg.RunRecord) -> bool:
    """Tell whether a run failed, and anything of what it was to make was not made since."""
    run, ended = record.dagster_run, record.end_time or record.create_timestamp.timestamp()
    if run.status is not dg.DagsterRunStatus.FAILURE:
        return False
    made = [last_record(instance, key, run.tags.get(PARTITION_TAG)) for key in run.asset_selection or ()]
    return any(one is None or one.timestamp < ended for one in made)


def forget(instance: dg.DagsterInstance, places: Places, run_ids: Sequence[str]) -> None:
    """Delete runs with their events and their captured output; the embedded memory has a file for each run."""
    embedded = is_embedded(places.root)
    for run_id in run_ids:
        instance.delete_run(run_id)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        if embedded:
            (places.dagster / "history" / "runs" / f"{run_id}.db").unlink(missing_ok=True)


def retention_job(settings: RetentionSettings = RetentionSettings()) -> dg.JobDefinition:
    """Return the job that forgets runs, its launchpad beginning with these settings."""

    @dg.op(name="old_runs", config_schema=config_schema(RetentionSettings, settings))
    def old_runs(context: dg.OpExecutionContext, store: Store) -> None:
        given = RetentionSettings.model_validate(context.op_config)
        before = _now() - timedelta(days=given.keep_runs_days)
        found = list(forgettable(context.instance, before))
        forget(context.instance, store.places, found)
        context.log.info(f"{len(found)} runs that began before {before:%Y-%m-%d} are forgotten; nothing rested on them")

    @dg.job(
        name=JOB,
        description="Forgets finished runs with their events and logs, as `runs: {keep_runs_days: …}` in xray.yaml "
        "says, but for those that something of the store rests on.",
    )
    def forget_runs() -> None:
        old_runs()

    return forget_runs


def _now() -> datetime:
    return datetime.now(UTC)


nightly_forgetting = dg.ScheduleDefinition(
    name="nightly_forgetting",
    job_name=JOB,
    cron_schedule=CRON,
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Forgets old runs every night at 04:30 UTC.",
)
