"""Judge: score the whole cohort with a trained model, and evaluate the scores."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_platform.defs.cohort import Cohort, read_cohort
from xray_platform.defs.model_store import (
    TrainingRecord,
    current_record,
    keep_evaluation,
    sealed_evaluation,
    trained_folder,
)
from xray_platform.evaluation.evaluate import Evaluation, EvaluationSettings, evaluate, load_evaluation
from xray_platform.imaging.recipe import Recipe
from xray_platform.progress import Progress
from xray_platform.serving.models import Scorer, load_model
from xray_platform.tables.all import SCORES
from xray_platform.tables.places import Places
from xray_platform.tracking.experiments import open_tracking
from xray_platform.tracking.runs import RunLink, open_run

AT_ONCE = 500  # pictures in memory together


def judge(places: Places, model: str, settings: EvaluationSettings, progress: Progress) -> tuple[Evaluation, RunLink]:
    """Score every labelled picture, choose threshold and calibration, keep both, and log them to the model's run."""
    record = current_record(places, model)
    cohort = cohort_of(places, record)
    scores = cohort.rows.assign(score=_scores(scorer_of(places, record), cohort, progress))
    evaluation = evaluate(scores, settings, model=model)
    SCORES.write(places, evaluation.rows, model)
    with open_run(open_tracking(places), model=model, run_id=record.run) as run:
        keep_evaluation(places, record, evaluation.dump(), run)
        run.log_metrics(evaluation.figures())
        run.log_thresholds(verdict=evaluation.threshold)
        return evaluation, run.link


def kept_evaluation(places: Places, record: TrainingRecord) -> Evaluation:
    """Return the evaluation of a model's current training."""
    return load_evaluation(sealed_evaluation(places, record), SCORES.read(places, record.model))


def cohort_of(places: Places, record: TrainingRecord) -> Cohort:
    """Return the cohort with the tensors that the model learnt from."""
    return read_cohort(places, Recipe.model_validate(record.recipe))


def scorer_of(places: Places, record: TrainingRecord) -> Scorer:
    """Return the fitted model of a training."""
    return load_model(record.family, record.model, trained_folder(places, record))


def _scores(model: Scorer, cohort: Cohort, progress: Progress) -> NDArray[np.float64]:
    parts: list[Any] = []
    for start in range(0, len(cohort.rows), AT_ONCE):
        rows: pd.DataFrame = cohort.rows.iloc[start : start + AT_ONCE]
        parts.append(model.score(cohort.images(rows)))
        progress(min(start + AT_ONCE, len(cohort.rows)), len(cohort.rows), "pictures scored")
    return np.concatenate(parts)
