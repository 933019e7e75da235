"""Failures: a readable record of each failed run."""

from datetime import UTC, datetime
from functools import partial

import dagster as dg

from xray_platform.defs.batch_states import PARTITION_TAG
from xray_platform.defs.reasons import reasons
from xray_platform.defs.store import root_folder
from xray_platform.defs.store_work import work_on
from xray_platform.tables.places import Places

PATIENCE_SECONDS = 20.0  # of a tick, which Dagster ends after 60


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    monitor_all_code_locations=False,
    description="Writes data/failures/<run id>.md for each failed run, and ends what MLflow still believes to run.",
)
def failure_record(context: dg.RunFailureSensorContext) -> None:
    """Say what failed and why, in the words that the assets found for it."""
    places = Places(root_folder())
    write = partial(_write, places, context.dagster_run.run_id, failure_text(context))
    work_on(places.root, write, patience=PATIENCE_SECONDS)
    if places.mlruns.joinpath("mlflow.db").exists():
        from xray_platform.tracking.mlflow_store import open_tracking  # MLflow takes seconds to import
        from xray_platform.tracking.runs import fail_runs

        fail_runs(open_tracking(places), context.dagster_run.run_id)


def _write(places: Places, run_id: str, text: str) -> None:
    places.failures.mkdir(parents=True, exist_ok=True)
    (places.failures / f"{run_id}.md").write_text(text, encoding="utf-8")


def failure_text(context: dg.RunFailureSensorContext) -> str:
    """Return the record as Markdown: each asset and check that failed, and why; or why the run ended without any."""
    run = context.dagster_run
    batch = run.tags.get(PARTITION_TAG)
    events = (entry.dagster_event for entry in context.instance.all_logs(run.run_id))
    found = reasons(event for event in events if event is not None)
    lines = [
        f"# Run {run.run_id} failed",
        "",
        f"- job: {run.job_name}" + (f", batch {batch}" if batch else ""),
        f"- noted: {datetime.now(UTC).isoformat(timespec='seconds')}",
        f"- message: {context.failure_event.message}",
        "",
        "## What failed",
        "",
        *(f"- `{name}`: {reason}" for name, reason in found.items()),
    ]
    return "\n".join(
        [*lines, "", "What was done before is kept. Materialise the failed assets again, or `xray run`.", ""]
    )
