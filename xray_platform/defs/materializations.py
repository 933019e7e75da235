"""Materializations: what Dagster remembers of the last time an asset was made."""

import dagster as dg


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
