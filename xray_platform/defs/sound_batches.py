"""Sound batches: those whose pictures may be used: published, and held good by every check that blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dagster as dg

from xray_platform.defs.dagster_internals import AssetCheckExecutionRecordStatus, PartitionKeyFilter
from xray_platform.defs.materializations import last_materialization

IMAGES = dg.AssetKey("images")
LABELS = dg.AssetKey("labels")
"""The asset that leaves batches out; whatever else reads labels has no row of them."""


@dataclass(frozen=True)
class LeftOut:
    """A batch whose pictures are not used yet, and why, in words."""

    batch: str
    why: str


def left_out(
    instance: dg.DagsterInstance, batches: Sequence[str], checks: Sequence[dg.AssetCheckKey]
) -> Iterator[LeftOut]:
    """Yield those of `batches` that have no published pictures, or a blocking check of theirs has not passed."""
    for batch in batches:
        if last_materialization(instance, IMAGES, batch) is None:
            yield LeftOut(batch, "it has no published pictures yet; its run failed or was never asked for")
        elif open_ones := _not_passed(instance, batch, checks):
            yield LeftOut(batch, f"not passed: {', '.join(open_ones)}")


def _not_passed(instance: dg.DagsterInstance, batch: str, checks: Sequence[dg.AssetCheckKey]) -> list[str]:
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(
        list(checks), partition_filter=PartitionKeyFilter(key=batch)
    )
    passed = {key for key, found in latest.items() if found.status == AssetCheckExecutionRecordStatus.SUCCEEDED}
    return [f"{key.asset_key.to_user_string()} {key.name}" for key in checks if key not in passed]
