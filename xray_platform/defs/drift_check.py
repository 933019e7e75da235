"""Drift check: a warning where a batch differs from those before it by more than chance and by enough to matter."""

import warnings
from collections.abc import Iterator

import dagster as dg

from xray_platform.defs.asset import plain_failures
from xray_platform.defs.config_fields import config_schema
from xray_platform.defs.partitions import BATCHES
from xray_platform.defs.store import Store
from xray_platform.evaluation.dataset.drift import DriftSettings

ASSET, NAME = "standard_images", "drift"
SHOWN = 12


def drift_check(settings: DriftSettings = DriftSettings()) -> dg.AssetChecksDefinition:
    """Return the check, its launchpad beginning with these settings."""

    @dg.multi_asset_check(
        name=f"{ASSET}_{NAME}",
        description="Whether a batch is like those before it",
        specs=[_spec()],
        config_schema=config_schema(DriftSettings, settings),
    )
    def run(context: dg.AssetCheckExecutionContext, store: Store) -> Iterator[dg.AssetCheckResult]:
        from xray_platform.defs.drift_results import drift_of_batch  # SciPy's statistics take a second to import

        given = DriftSettings.model_validate(context.op_execution_context.op_config)
        with plain_failures():
            found = drift_of_batch(store.places, context.partition_key, given)
        yield dg.AssetCheckResult(
            asset_key=ASSET,
            check_name=NAME,
            passed=found.outcome != "drifted",
            severity=dg.AssetCheckSeverity.WARN,
            description=found.said,
            metadata={
                "outcome": found.outcome,
                "subjects": found.subjects,
                "subjects before": found.reference,
                "facts": dg.MetadataValue.json([vars(fact) for fact in found.facts[:SHOWN]]),
            },
        )

    return run


def _spec() -> dg.AssetCheckSpec:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)  # checks by partition are a preview in Dagster 1.13
        return dg.AssetCheckSpec(
            NAME,
            asset=ASSET,
            description="A batch is like those before it: size, device, age, tone and sharpness (a warning).",
            partitions_def=BATCHES,
        )
