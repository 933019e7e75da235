"""Failures: a readable record of each failed run."""

from datetime import UTC, datetime

import dagster as dg

from xray_platform.defs.store import root_folder
from xray_platform.tables.places import Places
from xray_platform.tracking.experiments import open_tracking
from xray_platform.tracking.runs import fail_runs


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    monitor_all_code_locations=False,
    description="Writes data/failures/<run id>.md for each failed run, and ends what MLflow still believes to run.",
)
def failure_record(context: dg.RunFailureSensorContext) -> None:
    """Say which steps failed and why, in the words that the assets found for it."""
    places = Places(root_folder())
    places.failures.mkdir(parents=True, exist_ok=True)
    record = places.failures / f"{context.dagster_run.run_id}.md"
    record.write_text(failure_text(context), encoding="utf-8")
    if places.mlruns.joinpath("mlflow.db").exists():
        fail_runs(open_tracking(places), context.dagster_run.run_id)


def failure_text(context: dg.RunFailureSensorContext) -> str:
    """Return the record as Markdown."""
    run = context.dagster_run
    batch = run.tags.get("dagster/partition")
    lines = [
        f"# Run {run.run_id} failed",
        "",
        f"- job: {run.job_name}" + (f", batch {batch}" if batch else ""),
        f"- noted: {datetime.now(UTC).isoformat(timespec='seconds')}",
        f"- message: {context.failure_event.message}",
        "",
        "## Steps",
        "",
    ]
    for event in context.get_step_failure_events():
        data = event.step_failure_data
        words = data.user_failure_data.description if data.user_failure_data else None
        lines.append(
            f"- `{event.step_key}`: {words or (data.error.message.strip() if data.error else 'no reason recorded')}"
        )
    return "\n".join(
        [*lines, "", "What was done before is kept. Materialise the failed assets again, or `xray run`.", ""]
    )
