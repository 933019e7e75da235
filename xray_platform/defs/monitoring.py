"""Monitoring: the asset that watches the model in use, and the check that warns where something changed."""

from typing import cast

import dagster as dg

from xray_platform.defs.asset import platform_asset
from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.automation import HOURLY
from xray_platform.defs.materializations import last_materialization
from xray_platform.defs.store import Store
from xray_platform.evaluation.performance import PerformanceSettings

NAME = "as_before"
ALARMS, SUMMARY = "alarms", "summary"  # of the asset's metadata, which the check reads


@platform_asset(
    group="predictions",
    version="3",
    deps=["quality", "standard_images", "predictions", "splits", "champion"],
    kinds={"html"},
    automation=HOURLY,
    any_deps=True,
)
def monitoring(context: dg.AssetExecutionContext, store: Store, config: PerformanceSettings) -> AssetResult:
    """A page about the model in use: whether pictures, predictions and its share of right verdicts stay as before."""
    from xray_platform.defs.monitoring_results import monitoring_of  # SciPy and matplotlib take a second to import

    return monitoring_of(store.places, config)


@dg.asset_check(
    asset=monitoring.name,
    name=NAME,
    description="The newest batch, and the share of right verdicts, are as before (a warning).",
)
def as_before(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Say what the page that was made last found; nothing is computed for it again."""
    made = last_materialization(context.instance, dg.AssetKey(monitoring.name), None)
    if made is None or ALARMS not in made.metadata:
        said = "the page was not made yet by this version; materialise `monitoring`"
        return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN, description=said)
    alarms = cast("list[str]", made.metadata[ALARMS].value)
    return dg.AssetCheckResult(
        passed=not alarms,
        severity=dg.AssetCheckSeverity.WARN,
        description=str(made.metadata[SUMMARY].value),
        metadata={ALARMS: dg.MetadataValue.md("\n".join(f"- {one}" for one in alarms) or "none")},
    )


ASSETS = [monitoring]
