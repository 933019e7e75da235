"""Materializations: what Dagster remembers of the last time an asset was made, and of failures since."""

from datetime import UTC, datetime

import dagster as dg

RECENT = 200
"""Failed runs that are looked through at most, the newest first."""


def last_record(instance: dg.DagsterInstance, key: dg.AssetKey, partition: str | None) -> dg.EventLogRecord | None:
    """Return the record of an asset's last materialisation; None where it was never made."""
    only = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition] if partition else None)
    records = instance.fetch_materializations(only, limit=1).records
    return records[0] if records else None


def last_materialization(
    instance: dg.DagsterInstance, key: dg.AssetKey, partition: str | None
) -> dg.AssetMaterialization | None:
    """Return an asset's last materialisation; None where it was never made."""
    record = last_record(instance, key, partition)
    return record.asset_materialization if record else None


def failed_since(instance: dg.DagsterInstance, key: dg.AssetKey) -> bool:
    """Tell whether a run that was to make an asset has failed since it was last made."""
    record = last_record(instance, key, None)
    if record is None:
        return False
    made = datetime.fromtimestamp(record.timestamp, UTC)
    failures = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], created_after=made)
    runs = (found.dagster_run for found in instance.get_run_records(failures, limit=RECENT))
    return any(key in (run.asset_selection or ()) for run in runs)
