"""Cross-validation: a model fitted once a fold, on the settings of the store; the test part stays out of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_platform.defs.asset_result import AssetResult, markdown
from xray_platform.defs.cross_validation_settings import CrossValidationSettings
from xray_platform.defs.launchpad import evaluation_settings
from xray_platform.defs.progress import logged
from xray_platform.defs.refitted_model import RefittedModel, refitted_model
from xray_platform.defs.score_cohort import score_images
from xray_platform.defs.train import fit_on
from xray_platform.evaluation.delong import delong_interval
from xray_platform.evaluation.evaluate import evaluate
from xray_platform.models.contract import FitContext, ModelKind
from xray_platform.tables.all import CROSS_VALIDATION
from xray_platform.tables.places import Places
from xray_platform.tracking.runs import TrackedRun, open_run
from xray_platform.training.folds import assign_folds, parts_of_fold

SHOWN = ("auroc", "average_precision", "sensitivity", "specificity", "balanced_accuracy")
STAGE = "cross-validated"


@dataclass(frozen=True)
class FoldTask:
    """What is fitted once a fold: the model with its data, the fold of each picture, and the digest of all."""

    model: RefittedModel
    folds: NDArray[np.int64]
    made_from: str

    @property
    def kind(self) -> ModelKind:
        return self.model.kind


def cross_validate(context: dg.AssetExecutionContext, places: Places, settings: CrossValidationSettings) -> AssetResult:
    """Fit and judge a model once a fold; folds that are done with the same pictures and settings are not done again.

    Raises DataError where there are too few subjects for so many folds.
    """
    task = _task(places, settings)
    with task.model.open_run(context, f"{settings.folds}-folds-{task.made_from[:6]}", STAGE) as run:
        run.log_parameters({"cross_validation": settings.model_dump(mode="json"), "made_from": task.made_from})
        parts = [_fold(context, task, fold, run) for fold in range(1, settings.folds + 1)]
        judged = pd.DataFrame(_judged(task, part) for part in parts)
        figures = dict(_summary(judged, pd.concat(parts)))
        run.log_metrics(figures)
    table = judged.round(4).rename_axis("fold").rename(index=lambda number: number + 1).reset_index()
    return AssetResult(
        CROSS_VALIDATION,
        pd.concat(parts, ignore_index=True),
        {
            **figures,
            "model": task.kind.name,
            "of each fold": dg.MetadataValue.md(markdown(table)),
            "what it is": "each fold is judged by a model that saw none of its subjects; the test part took no part",
            "MLflow run": dg.MetadataValue.url(run.link.url),
        },
    )


def _task(places: Places, settings: CrossValidationSettings) -> FoldTask:
    model = refitted_model(places, settings.model)
    rows, cohort = model.cohort.rows, model.cohort
    folds = assign_folds([str(one) for one in rows["subject"]], cohort.labels(rows), settings.folds, settings.seed)
    said = rows[["image", "subject", "findings"]].astype(str).assign(fold=folds)
    return FoldTask(model, folds, model.digest(said))


def _fold(context: dg.AssetExecutionContext, task: FoldTask, fold: int, parent: TrackedRun) -> pd.DataFrame:
    """Return what a model that was fitted without a fold says of it, and of the fold that validated."""
    name, places = f"{task.kind.name}-{fold}", task.model.cohort.places
    done = CROSS_VALIDATION.earlier(places, name)
    if len(done) and set(done["made_from"]) == {task.made_from}:
        context.log.info(f"fold {fold} is done already")
        return done
    cohort = replace(task.model.cohort, rows=task.model.cohort.rows.assign(split=parts_of_fold(task.folds, fold)))
    tell = logged(context)
    with open_run(
        parent.tracking,
        model=task.kind.name,
        name=f"{task.kind.name}-fold-{fold}",
        parent=parent.run_id,
        tags={"model": task.kind.name, "stage": STAGE, "fold": fold},
    ) as run:
        checkpoints = places.models / task.kind.name / "checkpoints" / f"fold-{fold}"
        fitted = fit_on(
            cohort, task.kind, task.model.config, task.model.data, FitContext(checkpoints, run.log_epoch, tell)
        )
        kept = cohort.rows[cohort.rows["split"] != "train"]
        rows = kept.assign(
            model=task.kind.name,
            fold=fold,
            score=score_images(fitted, cohort.images(kept), tell),
            run=run.run_id,
            made_from=task.made_from,
        )[[column.name for column in CROSS_VALIDATION.columns]]
        CROSS_VALIDATION.write(places, rows, name)
        run.log_metrics({f"test/{figure}": value for figure, value in _judged(task, rows).items()})
    context.log.info(f"fold {fold} of {task.folds.max()} judged")
    return rows


def _judged(task: FoldTask, rows: pd.DataFrame) -> dict[str, float]:
    """Return the figures of a fold, at the threshold that the validating fold gave."""
    usual = evaluation_settings(task.kind)(resamples=0)
    test = evaluate(rows, usual, model=task.kind.name).metrics["test"]
    return {name: float(test[name].value) for name in SHOWN if name in test and test[name].value is not None}  # type: ignore[arg-type]


def _summary(judged: pd.DataFrame, rows: pd.DataFrame) -> Iterator[tuple[str, Any]]:
    """Yield mean and deviation over the folds, and the AUROC of all pictures by ranks within their folds."""
    for name in judged.columns:
        yield f"{name} mean", float(judged[name].mean())
        yield f"{name} deviation", float(judged[name].std(ddof=1))
    kept = rows[rows["split"] == "test"]
    ranks = kept.groupby("fold")["score"].rank(pct=True).to_numpy(np.float64)
    whole = delong_interval(ranks, kept["abnormal"].to_numpy(bool), kept["subject"].to_numpy(object))
    for name, value in (
        ("auroc pooled", whole.value),
        ("auroc pooled low", whole.low),
        ("auroc pooled high", whole.high),
    ):
        if value is not None:
            yield name, float(value)
