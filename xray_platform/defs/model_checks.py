"""Model checks: models, scores and champion give finite scores, are good enough, and are no worse than the last."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from xray_platform.defs.asset import plain_failures
from xray_platform.defs.checks import CLASS_SCORES, checks_of
from xray_platform.defs.config_fields import config_schema
from xray_platform.defs.model_check_settings import CHECKS, FINITE, WORDS, CheckedKind, ModelCheckSettings
from xray_platform.defs.models import NAMES
from xray_platform.defs.store import Store

if TYPE_CHECKING:
    from xray_platform.defs.model_check_functions import CheckOutcome


def model_checks(settings: ModelCheckSettings = ModelCheckSettings()) -> list[dg.AssetChecksDefinition]:
    """Return the checks on models, scores and champion, their launchpads beginning with these settings."""
    return [
        *(checks_on(model, "model", settings) for model in NAMES),
        *(checks_on(f"{model}_scores", "scores", settings) for model in NAMES),
        *(_on_class_scores(model) for model in NAMES),
        *(checks_on(f"{model}_report", "report", settings) for model in NAMES),
        checks_on("champion", "champion", settings),
    ]


def _on_class_scores(model: str) -> dg.AssetChecksDefinition:
    name = f"{model}_class_scores_checks"
    return checks_of(f"{model}_scores", [CLASS_SCORES], by_batch=False, part=model, name=name)


def checks_on(asset: str, kind: CheckedKind, initial: ModelCheckSettings) -> dg.AssetChecksDefinition:
    """Return the step of an asset's checks, by name; each can be asked for alone. Scores that are none block."""

    @dg.multi_asset_check(
        name=f"{asset}_checks",
        description=f"Whether {asset} can be used",
        specs=[_spec(asset, name) for name in CHECKS[kind]],
        can_subset=True,
        config_schema=config_schema(ModelCheckSettings, initial),
    )
    def run(context: dg.AssetCheckExecutionContext, store: Store) -> Iterator[dg.AssetCheckResult]:
        from xray_platform.defs.model_check_functions import FUNCTIONS  # MLflow takes seconds to import

        settings = ModelCheckSettings.model_validate(context.op_execution_context.op_config)
        wanted = {key.name for key in context.selected_asset_check_keys}
        for name in (name for name in CHECKS[kind] if name in wanted):
            with plain_failures():
                found = FUNCTIONS[kind][name](store.places, asset, context.instance, settings)
            yield _result(asset, name, found)

    return run


def _spec(asset: str, name: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name, asset=asset, description=WORDS[name], blocking=name == FINITE)


def _result(asset: str, name: str, found: "CheckOutcome") -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=name,
        passed=not found.failed,
        severity=dg.AssetCheckSeverity.ERROR if name == FINITE else dg.AssetCheckSeverity.WARN,
        description="; ".join(found.failed) or None,
        metadata={**found.metadata, "failed": dg.MetadataValue.json(list(found.failed))},
    )
