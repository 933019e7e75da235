"""Sound batches: those whose pictures may be used: published, and held good by every check that blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dagster as dg

from xray_platform.defs.dagster_internals import AssetCheckExecutionRecordStatus
from xray_platform.defs.materializations import batches_with

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
    """Yield those of `batches` that have no published pictures, or a blocking check of theirs has not passed.

    Dagster is asked once for the pictures and once for each check, however many batches there are.
    """
    published, passed = batches_with(instance, IMAGES), _passed(instance, checks)
    for batch in batches:
        if batch not in published:
            yield LeftOut(batch, "it has no published pictures yet; its run failed or was never asked for")
        elif open_ones := [key for key in checks if (key, batch) not in passed]:
            names = (f"{key.asset_key.to_user_string()} {key.name}" for key in open_ones)
            yield LeftOut(batch, f"not passed: {', '.join(names)}")


def _passed(
    instance: dg.DagsterInstance, checks: Sequence[dg.AssetCheckKey]
) -> frozenset[tuple[dg.AssetCheckKey, str | None]]:
    """Return which checks have passed when they last looked at which batch."""
    return frozenset(
        (found.check_key, found.partition_key)
        for found in instance.event_log_storage.get_asset_check_partition_info(list(checks))
        if found.latest_execution_status == AssetCheckExecutionRecordStatus.SUCCEEDED
    )
