"""Reasons: why a Dagster run failed, in the words that the assets, the checks and the libraries found for it."""

from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg

from xray_platform.defs.dagster_internals import JobFailureData, SerializableErrorInfo

FAILED = "failed"  # metadata of a check: a line for each expectation that failed


def reasons(events: Iterable[dg.DagsterEvent]) -> dict[str, str]:
    """Return the reason of each failure among a run's events: by asset, by `asset: check`, or of the whole `run`."""
    found: dict[str, str] = {}
    whole = ""
    for event in events:
        if event.is_step_failure:
            found[event.step_key or "run"] = _of_step(event)
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            found |= _of_check(event.asset_check_evaluation_data)
        elif event.event_type == dg.DagsterEventType.RUN_FAILURE:
            whole = _of_run(event)
    return found or ({"run": whole} if whole else {})


def _of_step(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    return _last_cause(data.error) or "no reason was recorded"


def _of_check(check: dg.AssetCheckEvaluation) -> dict[str, str]:
    if check.passed or not check.blocking:
        return {}
    value = check.metadata.get(FAILED)
    lines: Sequence[Any] = value.value if value and isinstance(value.value, list) else [FAILED]
    return {f"{check.asset_key.to_user_string()}: {check.check_name}": "; ".join(map(str, lines))}


def _of_run(event: dg.DagsterEvent) -> str:
    """Say what ended a run outside of any step: a setting that is not allowed, a resource, the end of its process."""
    data = event.event_specific_data
    error = data.error if isinstance(data, JobFailureData) else None
    return _last_cause(error) or event.message or "it ended before any step, and left no reason"


def _last_cause(error: SerializableErrorInfo | None) -> str:
    while error and error.cause:
        error = error.cause
    return error.message.strip() if error else ""
