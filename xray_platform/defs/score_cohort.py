"""Judge: score the whole cohort with a trained model, and evaluate the scores."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from xray_platform.defs.cohort import Cohort, data_digest, read_cohort
from xray_platform.defs.corrupted_scores import robustness_of
from xray_platform.defs.model_card import cautions_of, description_of_model
from xray_platform.defs.model_store import (
    TrainingRecord,
    current_record,
    keep_evaluation,
    sealed_evaluation,
    trained_folder,
)
from xray_platform.defs.read_parts import read_parts
from xray_platform.defs.sampled_spreads import spreads_of
from xray_platform.defs.train import log_data
from xray_platform.evaluation.class_outputs import ClassOutputs
from xray_platform.evaluation.evaluate import Evaluation, EvaluationSettings, evaluate
from xray_platform.evaluation.load_evaluation import load_evaluation
from xray_platform.image_stack import Heatmaps, Images, ImageSource, Scores
from xray_platform.models.contract import FittedModel, knowing_classes
from xray_platform.models.named import load_model
from xray_platform.progress import Progress
from xray_platform.tables.all import CLASS_SCORES, SCORES, SPREADS
from xray_platform.tables.places import Places
from xray_platform.tracking.datasets import PARTS
from xray_platform.tracking.evaluations import open_evaluation
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.runs import RunLink, TrackedRun
from xray_platform.training.abnormal_score import abnormal_score


def judge(places: Places, model: str, settings: EvaluationSettings, progress: Progress) -> tuple[Evaluation, RunLink]:
    """Score every labelled picture, choose threshold and calibration, keep both, and log them to MLflow.

    They go to the model's run; where that holds a judgement by other settings or of other pictures, to one below it.
    """
    record = current_record(places, model)
    cohort = cohort_of(places, record)
    scorer, images = scorer_of(places, record), cohort.images(cohort.rows)
    began = time.perf_counter()
    outputs = class_outputs(scorer, images, progress)
    score = abnormal_score(outputs.logits, outputs.target) if outputs else score_images(scorer, images, progress)
    taken = round(1000 * (time.perf_counter() - began) / max(len(images), 1), 3)
    evaluation = evaluate(cohort.rows.assign(score=score), settings, model=model, outputs=outputs)
    robustness = robustness_of(cohort, scorer, evaluation, progress)
    spreads = spreads_of(record, cohort, scorer, evaluation, progress)
    evaluation = replace(evaluation, robustness=robustness, spreads=spreads, ms_per_picture=taken)
    SCORES.write(places, evaluation.rows, model)
    CLASS_SCORES.write(places, _class_rows(evaluation, record), model)
    SPREADS.write(places, evaluation.spreads, model)
    tracking, inputs = open_tracking(places), {split: data_digest(cohort.part(split)) for split in PARTS}
    keep_evaluation(places, record, evaluation.dump(), TrackedRun(tracking, record.run, model))
    with open_evaluation(tracking, record.run, model, _parameters(settings, inputs)) as run:
        log_data(run, cohort, inputs)
        run.log_metrics({**evaluation.figures(), "test/ms_per_picture": taken})
        run.log_thresholds(verdict=evaluation.threshold)
        run.log_tags({"stage": "judged"})
        run.describe(description_of_model(record, evaluation, cautions_of(places, evaluation)))
        return evaluation, run.link


def _parameters(settings: EvaluationSettings, inputs: dict[str, str]) -> dict[str, Any]:
    """Return what MLflow shows of a judgement: its settings, and by digests which pictures it saw.

    The seed of the draws has a name of its own: `seed` is that of the training.
    """
    shown = settings.model_dump(mode="json")
    seed = shown.pop("seed")
    return {**shown, "draws_seed": seed, "data": inputs}


def stored_evaluation(places: Places, record: TrainingRecord) -> Evaluation:
    """Return the evaluation of a model's current training."""
    rows, class_rows = SCORES.read(places, record.model), CLASS_SCORES.read(places, record.model)
    spreads = SPREADS.read_some(places, [record.model])
    return load_evaluation(sealed_evaluation(places, record), rows, class_rows, spreads)


def cohort_of(places: Places, record: TrainingRecord) -> Cohort:
    """Return the cohort with the tensors that the model learnt from."""
    return read_cohort(places, record.recipes, record.clinical_columns)


def scorer_of(places: Places, record: TrainingRecord) -> FittedModel:
    """Return the fitted model of a training."""
    return load_model(record.model, trained_folder(places, record))


def class_outputs(model: FittedModel, images: ImageSource, progress: Progress) -> ClassOutputs | None:
    """Return what a model of several classes says of each of them for each image; None for a model of two."""
    knowing = knowing_classes(model)
    if knowing is None or knowing.training.target == "abnormal":
        return None
    logits = np.empty((len(images), len(knowing.classes)), np.float64)
    for part, read in read_parts(model, images):
        logits[part] = knowing.class_logits(read)
        progress(min(part.stop, len(images)), len(images), "pictures scored")
    return ClassOutputs(knowing.training.target, knowing.classes, logits)


def _class_rows(evaluation: Evaluation, record: TrainingRecord) -> pd.DataFrame:
    if evaluation.classes is None:
        return CLASS_SCORES.frame([])
    return evaluation.class_rows.assign(run=record.run)[[column.name for column in CLASS_SCORES.columns]]


def score_images(model: FittedModel, images: ImageSource, progress: Progress) -> Scores:
    """Return the score of each image, (N,), read and scored some hundred at a time."""
    scores = np.empty(len(images), np.float64)
    for part, read in read_parts(model, images):
        scores[part] = model.score(read)
        progress(min(part.stop, len(images)), len(images), "pictures scored")
    return scores


def explain_images(model: FittedModel, images: ImageSource) -> tuple[Images, Heatmaps]:
    """Return the images, and the heat map of each, (N, S, S); N is at least 1."""
    parts = [(read, model.heatmap(read)) for _, read in read_parts(model, images)]
    return np.concatenate([read for read, _ in parts]), np.concatenate([maps for _, maps in parts])
