"""Monitoring: the asset that watches the model in use, and the check that warns where something changed."""

import dagster as dg

from xray_platform.defs.asset import plain_failures, platform_asset
from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.automation import HOURLY
from xray_platform.defs.config_fields import config_schema
from xray_platform.defs.store import Store
from xray_platform.evaluation.performance import PerformanceSettings

NAME = "as_before"


@platform_asset(
    group="predictions",
    version="2",
    deps=["quality", "standard_images", "predictions", "splits", "champion"],
    kinds={"html"},
    automation=HOURLY,
    any_deps=True,
)
def monitoring(context: dg.AssetExecutionContext, store: Store, config: PerformanceSettings) -> AssetResult:
    """A page about the model in use: whether pictures, predictions and its share of right verdicts stay as before."""
    from xray_platform.defs.monitoring_results import monitoring_of  # SciPy and matplotlib take a second to import

    return monitoring_of(store.places, config)


def monitoring_check(settings: PerformanceSettings = PerformanceSettings()) -> dg.AssetChecksDefinition:
    """Return the check of the page, its launchpad beginning with these settings."""

    @dg.asset_check(
        asset=monitoring.name,
        name=NAME,
        description="The newest batch, and the share of right verdicts, are as before (a warning).",
        config_schema=config_schema(PerformanceSettings, settings),
    )
    def run(context: dg.AssetCheckExecutionContext, store: Store) -> dg.AssetCheckResult:
        from xray_platform.defs.monitoring_results import monitored  # see above

        given = PerformanceSettings.model_validate(context.op_execution_context.op_config)
        with plain_failures():
            found = monitored(store.places, given)
        return dg.AssetCheckResult(
            passed=not found.alarms,
            severity=dg.AssetCheckSeverity.WARN,
            description=found.summary,
            metadata={"alarms": dg.MetadataValue.md("\n".join(f"- {one}" for one in found.alarms) or "none")},
        )

    return run


ASSETS = [monitoring]
