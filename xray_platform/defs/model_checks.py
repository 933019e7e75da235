"""Model checks: models, scores and champion give finite scores, are good enough, and are no worse than the last."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.defs.asset import plain_failures
from xray_platform.defs.cohort import Cohort, read_cohort
from xray_platform.defs.config_fields import config_schema
from xray_platform.defs.model_store import current_record
from xray_platform.defs.models import NAMES
from xray_platform.defs.score_cohort import cohort_of, scorer_of
from xray_platform.defs.store import Store
from xray_platform.evaluation.metrics import auroc
from xray_platform.serving.models import Scorer, load_model
from xray_platform.settings import Settings
from xray_platform.tables.all import SCORES
from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.registry import champion_bundle

FINITE, MINIMUM, REGRESSION = "finite_scores", "minimum_auroc", "no_regression"
WORDS = {
    FINITE: "Every score is a finite number, and not all are the same.",
    MINIMUM: "The validation AUROC is not below the setting `minimum_auroc`.",
    REGRESSION: "The validation AUROC is not lower than that of the materialisation before, but for `tolerance`.",
}
TRIED = 500  # validation pictures at most that a model is tried on
FIGURE = "validation auroc"


class ModelCheckSettings(Settings):
    """When a model is called good enough."""

    minimum_auroc: float = Field(0.6, ge=0, le=1, description="validation AUROC below which is warned; 0.5 is guessing")
    tolerance: float = Field(0.02, ge=0, le=1, description="loss of validation AUROC from which on is warned")


@dataclass(frozen=True)
class CheckOutcome:
    """What a check found; `failed`: a line for each thing that is wrong."""

    failed: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


CheckFunction = Callable[[Places, str, dg.DagsterInstance, ModelCheckSettings], CheckOutcome]


def model_checks(settings: ModelCheckSettings = ModelCheckSettings()) -> list[dg.AssetChecksDefinition]:
    """Return the checks on models, scores and champion, their launchpads beginning with these settings."""
    return [
        *(checks_on(model, _ON_MODEL, settings) for model in NAMES),
        *(checks_on(f"{model}_scores", _ON_SCORES, settings) for model in NAMES),
        checks_on("champion", _ON_CHAMPION, settings),
    ]


def checks_on(
    asset: str, functions: Mapping[str, CheckFunction], initial: ModelCheckSettings
) -> dg.AssetChecksDefinition:
    """Return the step of an asset's checks, by name; each can be asked for alone. Scores that are none block."""

    @dg.multi_asset_check(
        name=f"{asset}_checks",
        description=f"Whether {asset} can be used",
        specs=[_spec(asset, name) for name in functions],
        can_subset=True,
        config_schema=config_schema(ModelCheckSettings, initial),
    )
    def run(context: dg.AssetCheckExecutionContext, store: Store) -> Iterator[dg.AssetCheckResult]:
        settings = ModelCheckSettings.model_validate(context.op_execution_context.op_config)
        wanted = {key.name for key in context.selected_asset_check_keys}
        for name in (name for name in functions if name in wanted):
            with plain_failures():
                found = functions[name](store.places, asset, context.instance, settings)
            yield _result(asset, name, found)

    return run


def _spec(asset: str, name: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name, asset=asset, description=WORDS[name], blocking=name == FINITE)


def _result(asset: str, name: str, found: CheckOutcome) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=name,
        passed=not found.failed,
        severity=dg.AssetCheckSeverity.ERROR if name == FINITE else dg.AssetCheckSeverity.WARN,
        description="; ".join(found.failed) or None,
        metadata={**found.metadata, "failed": dg.MetadataValue.json(list(found.failed))},
    )


def model_is_finite(
    places: Places, asset: str, instance: dg.DagsterInstance, settings: ModelCheckSettings
) -> CheckOutcome:
    """Try the trained model on validation pictures."""
    return _finite(_tried(places, asset)[0])


def model_is_good(
    places: Places, asset: str, instance: dg.DagsterInstance, settings: ModelCheckSettings
) -> CheckOutcome:
    """Try the trained model on validation pictures, and hold its AUROC against the minimum."""
    score, labels = _tried(places, asset)
    return _good(auroc(score, labels), settings, {"pictures": len(score)})


def scores_are_finite(
    places: Places, asset: str, instance: dg.DagsterInstance, settings: ModelCheckSettings
) -> CheckOutcome:
    """Look at the table of scores."""
    return _finite(SCORES.read(places, asset.removesuffix("_scores"))["score"].to_numpy(np.float64))


def scores_are_good(
    places: Places, asset: str, instance: dg.DagsterInstance, settings: ModelCheckSettings
) -> CheckOutcome:
    """Hold the AUROC of the validation part against the minimum."""
    rows = SCORES.read(places, asset.removesuffix("_scores")).query("split == 'val'")
    score, labels = rows["score"].to_numpy(np.float64), rows["abnormal"].to_numpy(bool)
    return _good(auroc(score, labels), settings, {"pictures": len(rows)})


def champion_is_finite(
    places: Places, asset: str, instance: dg.DagsterInstance, settings: ModelCheckSettings
) -> CheckOutcome:
    """Open the champion's bundle, if it is the one that was logged, and try it on validation pictures."""
    return _finite(_tried_champion(places)[0])


def champion_is_good(
    places: Places, asset: str, instance: dg.DagsterInstance, settings: ModelCheckSettings
) -> CheckOutcome:
    """Try the champion on validation pictures, and hold its AUROC against the minimum."""
    score, labels = _tried_champion(places)
    return _good(auroc(score, labels), settings, {"pictures": len(score)})


def is_no_worse(places: Places, asset: str, instance: dg.DagsterInstance, settings: ModelCheckSettings) -> CheckOutcome:
    """Compare the validation AUROC of the last two materialisations."""
    records = instance.fetch_materializations(dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset)), limit=2).records
    made = [record.asset_materialization for record in records]
    told = [one.metadata[FIGURE].value if one and FIGURE in one.metadata else None for one in made]
    figures = [float(value) if isinstance(value, (int, float)) else None for value in told]
    if len(figures) < 2 or figures[0] is None or figures[1] is None:
        return CheckOutcome(metadata={"compared with": "nothing: there is no figure before it"})
    now, before = figures[0], figures[1]
    metadata = {FIGURE: now, "before": before, "tolerance": settings.tolerance}
    lost = before - now > settings.tolerance
    words = f"the validation AUROC fell from {before:.4f} to {now:.4f}; {settings.tolerance:g} less are allowed"
    return CheckOutcome((words,) if lost else (), metadata)


def _finite(score: NDArray[np.float64]) -> CheckOutcome:
    strange = int((~np.isfinite(score)).sum())
    failed = [f"{strange} of {len(score)} scores are no finite numbers"] if strange else []
    if len(score) > 1 and not strange and np.ptp(score) == 0:
        failed.append(f"all {len(score)} scores are {score[0]:g}")
    return CheckOutcome(tuple(failed), {"scores": len(score)})


def _good(found: float | None, settings: ModelCheckSettings, metadata: Mapping[str, Any]) -> CheckOutcome:
    if found is None:
        return CheckOutcome(metadata={**metadata, "compared with": "nothing: the validation part lacks a class"})
    low = found < settings.minimum_auroc
    words = f"the validation AUROC is {found:.4f}; {settings.minimum_auroc:g} or more is asked for"
    return CheckOutcome((words,) if low else (), {**metadata, FIGURE: found, "minimum_auroc": settings.minimum_auroc})


def _tried(places: Places, model: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    record = current_record(places, model)
    return _tried_on(scorer_of(places, record), cohort_of(places, record))


def _tried_champion(places: Places) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    bundle = champion_bundle(open_tracking(places))
    model = load_model(bundle.facts.family, bundle.facts.model, bundle.model_folder)
    return _tried_on(model, read_cohort(places, bundle.facts.recipe))


def _tried_on(model: Scorer, cohort: Cohort) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    rows = cohort.part("val").head(TRIED)
    return np.asarray(model.score(cohort.images(rows)), np.float64), cohort.labels(rows)


_ON_MODEL: Mapping[str, CheckFunction] = {FINITE: model_is_finite, MINIMUM: model_is_good}
_ON_SCORES: Mapping[str, CheckFunction] = {FINITE: scores_are_finite, MINIMUM: scores_are_good, REGRESSION: is_no_worse}
_ON_CHAMPION: Mapping[str, CheckFunction] = {
    FINITE: champion_is_finite,
    MINIMUM: champion_is_good,
    REGRESSION: is_no_worse,
}
