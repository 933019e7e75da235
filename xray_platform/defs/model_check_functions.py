"""Model check functions: what the checks on models, scores and champion look at, and what they find."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import numpy as np
from numpy.typing import NDArray

from xray_platform.defs.cohort import Cohort, read_cohort
from xray_platform.defs.model_check_settings import (
    FINITE,
    MINIMUM,
    REGRESSION,
    SHORTCUT,
    CheckedKind,
    ModelCheckSettings,
)
from xray_platform.defs.model_store import current_record
from xray_platform.defs.reporting import stored_audit
from xray_platform.defs.score_cohort import cohort_of, scorer_of
from xray_platform.evaluation.metrics import auroc
from xray_platform.models.contract import FittedModel
from xray_platform.models.named import load_model
from xray_platform.tables.all import SCORES
from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.registry import champion_bundle

TRIED = 500  # validation pictures at most that a model is tried on
FIGURE = "validation auroc"


@dataclass(frozen=True)
class CheckOutcome:
    """What a check found; `failed`: a line for each thing that is wrong."""

    failed: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


CheckFunction = Callable[[Places, str, dg.DagsterInstance, ModelCheckSettings], CheckOutcome]


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
    recorded = [one.metadata[FIGURE].value if one and FIGURE in one.metadata else None for one in made]
    figures = [float(value) if isinstance(value, (int, float)) else None for value in recorded]
    if len(figures) < 2 or figures[0] is None or figures[1] is None:
        return CheckOutcome(metadata={"compared with": "nothing: there is no figure before it"})
    now, before = figures[0], figures[1]
    metadata = {FIGURE: now, "before": before, "tolerance": settings.tolerance}
    lost = before - now > settings.tolerance
    words = f"the validation AUROC fell from {before:.4f} to {now:.4f}; {settings.tolerance:g} less are allowed"
    return CheckOutcome((words,) if lost else (), metadata)


def sees_more_than_facts(
    places: Places, asset: str, instance: dg.DagsterInstance, settings: ModelCheckSettings
) -> CheckOutcome:
    """Hold the model's test AUROC against that of facts that know no lung, as its report found both."""
    audit = stored_audit(places, current_record(places, asset.removesuffix("_report")))
    if audit.facts is None or audit.model is None or audit.facts.value is None or audit.model.value is None:
        return CheckOutcome(metadata={"compared with": f"nothing: {audit.reason or 'the test part lacks a class'}"})
    facts, model = audit.facts.value, audit.model.value
    words = (
        f"facts without any shape of the lung reach a test AUROC of {facts:.4f}, the model {model:.4f}; "
        f"{settings.shortcut_margin:g} more are asked for"
    )
    metadata = {
        "test auroc of facts": facts,
        "test auroc": model,
        "shortcut_margin": settings.shortcut_margin,
        "most telling": ", ".join(fact.title.lower() for fact in audit.telling[:3]),
    }
    return CheckOutcome((words,) if model - facts < settings.shortcut_margin else (), metadata)


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
    model = load_model(bundle.facts.model, bundle.model_folder)
    return _tried_on(model, read_cohort(places, bundle.facts.recipes, bundle.facts.clinical_columns))


def _tried_on(model: FittedModel, cohort: Cohort) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    rows = cohort.part("val").head(TRIED)
    return np.asarray(model.score(cohort.images(rows)[:]), np.float64), cohort.labels(rows)


FUNCTIONS: Mapping[CheckedKind, Mapping[str, CheckFunction]] = {
    "model": {FINITE: model_is_finite, MINIMUM: model_is_good},
    "scores": {FINITE: scores_are_finite, MINIMUM: scores_are_good, REGRESSION: is_no_worse},
    "report": {SHORTCUT: sees_more_than_facts},
    "champion": {FINITE: champion_is_finite, MINIMUM: champion_is_good, REGRESSION: is_no_worse},
}
