"""Materializations: what Dagster remembers of the last time an asset was made, and of failures since.

`LastMaterializations` asks once for all batches of an asset; to ask for each batch apart takes minutes where there are
hundreds.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime

import dagster as dg

RECENT = 200
"""Failed runs that are looked through at most, the newest first."""
VERSION_TAG = "dagster/data_version"
AT_ONCE = 500  # records that one query asks for


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


def batches_with(instance: dg.DagsterInstance, key: dg.AssetKey) -> Collection[str]:
    """Return the batches of which an asset was made."""
    return instance.get_materialized_partitions(key)


def runs_of_last(instance: dg.DagsterInstance, key: dg.AssetKey) -> Iterator[str]:
    """Yield the runs in which an asset was made last: once a batch where it has batches."""
    yield from (record.run_id for record in _last_by_batch(instance, key))
    if (whole := last_record(instance, key, None)) is not None:
        yield whole.run_id


def _last_by_batch(instance: dg.DagsterInstance, key: dg.AssetKey) -> Iterator[dg.EventLogRecord]:
    """Yield the record of the last materialisation of each batch of an asset; Dagster is asked in lots."""
    latest = instance.get_latest_storage_id_by_partition(key, dg.DagsterEventType.ASSET_MATERIALIZATION)
    numbers = sorted(latest.values())
    for first in range(0, len(numbers), AT_ONCE):
        only = dg.AssetRecordsFilter(asset_key=key, storage_ids=numbers[first : first + AT_ONCE])
        yield from instance.fetch_materializations(only, limit=AT_ONCE).records


class LastMaterializations:
    """The last materialisation of assets and batches, as Dagster remembers them.

    With `together` all batches of an asset are asked for at once when one of them is first asked for, and kept, and so
    is an asset without batches, which each batch may read: for who looks at most of them. What was made since is asked
    for anew where `forget` was told of it.
    """

    def __init__(self, instance: dg.DagsterInstance, *, together: bool = False) -> None:
        self.instance = instance
        self._together = together
        self._by_batch: dict[dg.AssetKey, dict[str, dg.AssetMaterialization]] = {}
        self._whole: dict[dg.AssetKey, dg.AssetMaterialization | None] = {}

    def of(self, key: dg.AssetKey, batch: str | None) -> dg.AssetMaterialization | None:
        """Return the last materialisation of an asset, or of one batch of it; None where it was never made."""
        if not self._together:
            return last_materialization(self.instance, key, batch)
        if batch is None:
            if key not in self._whole:
                self._whole[key] = last_materialization(self.instance, key, None)
            return self._whole[key]
        if key not in self._by_batch:
            self._by_batch[key] = self._all(key)
        return self._by_batch[key].get(batch)

    def data_versions(self, key: dg.AssetKey) -> Mapping[str, str]:
        """Return the data version of an asset's last materialisation by batch, of all batches of which it was made."""
        found = self.instance.event_log_storage.get_latest_tags_by_partition(
            key, dg.DagsterEventType.ASSET_MATERIALIZATION, [VERSION_TAG]
        )
        return {batch: tags[VERSION_TAG] for batch, tags in found.items()}

    def forget(self, keys: Collection[dg.AssetKey], batch: str | None) -> None:
        """Ask anew for assets of a batch that may have been made since."""
        for key in keys:
            if batch is None:
                self._whole.pop(key, None)
            elif key in self._by_batch:
                made = last_materialization(self.instance, key, batch)
                if made is not None:
                    self._by_batch[key][batch] = made

    def _all(self, key: dg.AssetKey) -> dict[str, dg.AssetMaterialization]:
        found: dict[str, dg.AssetMaterialization] = {}
        for record in _last_by_batch(self.instance, key):
            if record.partition_key is not None and record.asset_materialization is not None:
                found[record.partition_key] = record.asset_materialization
        return found


def failed_since(instance: dg.DagsterInstance, key: dg.AssetKey) -> bool:
    """Tell whether a run that was to make an asset has failed since it was last made."""
    record = last_record(instance, key, None)
    if record is None:
        return False
    made = datetime.fromtimestamp(record.timestamp, UTC)
    failures = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], created_after=made)
    runs = (found.dagster_run for found in instance.get_run_records(failures, limit=RECENT))
    return any(key in (run.asset_selection or ()) for run in runs)
