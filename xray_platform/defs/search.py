"""Search: settings of a model that do best on the validation part, by Optuna; the test part stays out of it.

The study lies in a database of its own below the model's folder, so that a search that was ended goes on, and one with
more trials goes on from the fewer. Another space, model or cohort is another study.
"""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pandas as pd
import yaml
from pydantic import ValidationError
from sklearn.metrics import roc_auc_score

from xray_platform.defs.asset_result import AssetResult, markdown
from xray_platform.defs.cohort import Cohort
from xray_platform.defs.progress import logged
from xray_platform.defs.refitted_model import RefittedModel, refitted_model
from xray_platform.defs.score_cohort import score_images
from xray_platform.defs.search_settings import SearchSettings
from xray_platform.defs.train import fit_on
from xray_platform.errors import DataError, InputError
from xray_platform.models.contract import FitContext, FittedModel, ModelKind
from xray_platform.progress import Progress
from xray_platform.settings import Settings, first_problem
from xray_platform.tables.places import Places
from xray_platform.tracking.runs import TrackedRun, open_run
from xray_platform.training.search_space import search_space

if TYPE_CHECKING:
    from optuna import Study, Trial

STAGE = "searched"
STARTUP_TRIALS = 4  # before the first of them is ended early
SHOWN = 10  # trials that the asset's page shows, the best first
DONE = ("COMPLETE", "PRUNED")


@dataclass(frozen=True)
class SearchTask:
    """What is searched: the model with its data, the settings of the search, and a digest of all that makes it."""

    model: RefittedModel
    settings: SearchSettings
    made_from: str

    @property
    def kind(self) -> ModelKind:
        return self.model.kind

    @property
    def folder(self) -> Path:
        """Where the study and the checkpoints of its trials lie."""
        return self.model.cohort.places.models / self.kind.name / "search" / self.made_from

    def trial_settings(self, values: Mapping[str, Any]) -> Settings:
        """Return the model's settings with these values; InputError where one of them is not allowed."""
        known = type(self.model.config).model_fields
        if unknown := sorted(set(values) - set(known)):
            raise InputError(f"search space: {self.kind.name} has no setting {unknown[0]!r}; it has {', '.join(known)}")
        if fixed := sorted(set(values) & {"recipe", "tensor_side", "clinical_columns"}):
            raise InputError(f"search space: {fixed[0]} says what is read; set it in xray.yaml")
        try:
            return type(self.model.config).model_validate({**self.model.config.model_dump(), **values})
        except ValidationError as error:
            raise InputError(
                f"search space of {self.kind.name}: {first_problem(type(self.model.config), error)}"
            ) from error


def search(context: dg.AssetExecutionContext, places: Places, settings: SearchSettings) -> AssetResult:
    """Fit a model with other settings until there are so many trials; say which of them did best.

    Raises InputError for a space that the model does not allow, DataError where no trial came to its end.
    """
    task = _task(places, settings)
    _check_space(task)
    with task.model.open_run(context, f"search-{task.made_from[:6]}", STAGE) as run:
        run.log_parameters({"search": settings.model_dump(mode="json"), "made_from": task.made_from})
        study = _study(task)
        left = settings.trials - sum(trial.state.name in DONE for trial in study.trials)
        context.log.info(f"{left} of {settings.trials} trials are left")
        if left > 0:
            study.optimize(lambda trial: _fitted(context, task, trial, run), n_trials=left)
        return _result(task, study, run)


def _task(places: Places, settings: SearchSettings) -> SearchTask:
    model = refitted_model(places, settings.model)
    rows = model.cohort.rows
    if model.cohort.part("val")["abnormal"].nunique() < 2:
        raise DataError("a search ranks trials by the validation part, which needs normal and abnormal pictures for it")
    said = rows[["image", "subject", "findings", "split"]].astype(str)
    return SearchTask(model, settings, model.digest(said, settings.space, settings.seed, settings.prune))


def _check_space(task: SearchTask) -> None:
    """Refuse before the first fit what no trial could be: unknown settings, and ends that are not allowed."""
    for one in search_space(task.settings.space):
        for value in one.ends:
            task.trial_settings({one.name: value})


def _study(task: SearchTask) -> "Study":
    import optuna  # half a second to import

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    task.folder.mkdir(parents=True, exist_ok=True)
    pruner = (
        optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS, n_warmup_steps=1)
        if task.settings.prune
        else optuna.pruners.NopPruner()
    )
    return optuna.create_study(
        storage=f"sqlite:///{task.folder / 'study.db'}",
        study_name=task.kind.name,
        sampler=optuna.samplers.TPESampler(seed=task.settings.seed),
        pruner=pruner,
        direction="maximize",
        load_if_exists=True,
    )


def _fitted(context: dg.AssetExecutionContext, task: SearchTask, trial: "Trial", parent: TrackedRun) -> float:
    """Fit the model with the values that a trial suggests, and return its AUROC on the validation part."""
    import optuna  # see above

    values = {one.name: one.suggest(trial) for one in search_space(task.settings.space)}
    config, tell = task.trial_settings(values), logged(context)
    with open_run(
        parent.tracking,
        model=task.kind.name,
        name=f"{task.kind.name}-trial-{trial.number}",
        parent=parent.run_id,
        tags={"model": task.kind.name, "stage": STAGE, "trial": trial.number},
    ) as run:
        run.log_parameters({"trial": values})

        def on_epoch(epoch: int, metrics: dict[str, float]) -> None:
            run.log_epoch(epoch, metrics)
            if "val_auroc" in metrics:
                trial.report(metrics["val_auroc"], epoch)
                if trial.should_prune():
                    raise optuna.TrialPruned

        around = FitContext(task.folder / f"trial-{trial.number}", on_epoch, tell)
        found = None
        with suppress(optuna.TrialPruned):
            fitted = fit_on(task.model.cohort, task.kind, config, task.model.data, around)
            found = _auroc(task.model.cohort, fitted, tell)
            run.log_metrics({"val/auroc": found})
        run.log_tags({"pruned": found is None})
        shutil.rmtree(around.folder, ignore_errors=True)  # the checkpoints of a trial that is over
    if found is None:
        context.log.info(f"trial {trial.number} was ended early: {values}")
        raise optuna.TrialPruned
    context.log.info(f"trial {trial.number}: validation AUROC {found:.4f} with {values}")
    return found


def _auroc(cohort: Cohort, fitted: FittedModel, tell: Progress) -> float:
    rows = cohort.part("val")
    scores = score_images(fitted, cohort.images(rows), tell)
    return float(roc_auc_score(cohort.labels(rows), scores))


def _result(task: SearchTask, study: "Study", run: TrackedRun) -> AssetResult:
    """Say which trial did best, as what can be put into `xray.yaml`."""
    rows = [
        {
            "trial": trial.number,
            "validation auroc": trial.value,
            "ended early": trial.state.name == "PRUNED",
            **trial.params,
        }
        for trial in study.trials
        if trial.state.name in DONE
    ]
    table = pd.DataFrame(rows)
    if table["ended early"].all():
        raise DataError(f"none of {len(rows)} trials came to its end; set `prune: false`, or give more trials")
    best = study.best_trial
    run.log_metrics({"val/auroc": float(study.best_value), "trials": len(rows)})
    run.log_parameters({"best": dict(best.params)})
    settings = yaml.safe_dump({task.kind.name: dict(best.params)}, sort_keys=False)
    shown = table.sort_values(["ended early", "validation auroc"], ascending=[True, False]).head(SHOWN)
    return AssetResult(
        content=f"{task.made_from}-{len(rows)}-{best.number}",
        metadata={
            "model": task.kind.name,
            "trials": len(rows),
            "ended early": int(table["ended early"].sum()),
            "validation auroc of the best": float(study.best_value),
            "best settings, for xray.yaml": dg.MetadataValue.md(f"```yaml\n{settings}```"),
            "best trials": dg.MetadataValue.md(markdown(shown.round(5))),
            "what it is": "chosen on the validation part, so that its figures are too good; the test part stood aside",
            "MLflow run": dg.MetadataValue.url(run.link.url),
        },
    )
