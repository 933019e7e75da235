"""Corrupted scores: what a trained model says of test pictures that are spoilt, and what that costs it."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
import pandas as pd

from xray_platform.clinical_columns import ClinicalValues, with_values
from xray_platform.defs.cohort import Cohort
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.robustness import CLEAN, Condition, Robustness, measure_robustness, robustness_sample
from xray_platform.image_stack import Images
from xray_platform.imaging.corruptions import KINDS
from xray_platform.imaging.store.corrupted_images import CorruptedImages
from xray_platform.imaging.store.standard_image_reader import StandardImageBatch
from xray_platform.models.contract import FittedModel
from xray_platform.progress import Progress
from xray_platform.tables.all import STANDARD_IMAGES

AT_ONCE = 256  # pictures, clean and spoilt, that are scored together


def robustness_of(cohort: Cohort, scorer: FittedModel, evaluation: Evaluation, progress: Progress) -> Robustness:
    """Score a sample of the test part, clean and corrupted as the settings say, and measure what is lost."""
    settings, test = evaluation.settings, cohort.part("test")
    severities = settings.corruption_levels
    if not severities or not settings.corruption_pictures:
        return Robustness(reason="the settings ask for no corruption", of_pictures=len(test))
    if test.empty:
        return Robustness(reason="the test part holds no pictures")
    rows = robustness_sample(test, settings.corruption_pictures, settings.seed)
    steps = [(kind, severity) for kind in KINDS for severity in severities]
    conditions: list[Condition] = [CLEAN, *((kind.name, severity) for kind, severity in steps)]
    made = CorruptedImages(cohort.places, cohort.recipes, steps, settings.seed)
    said = np.empty((len(rows), len(conditions)), np.float64)
    stacks = _told(_stacks(cohort, made, rows), cohort.values(rows))
    together, done = max(AT_ONCE // len(conditions), 1), 0
    while part := list(islice(stacks, together)):
        score = scorer.score(np.concatenate(part))
        said[done : done + len(part)] = score.reshape(len(part), len(conditions))
        done += len(part)
        progress(done, len(rows), "pictures corrupted")
    scores = {condition: said[:, place] for place, condition in enumerate(conditions)}
    return measure_robustness(rows, scores, evaluation.threshold, settings.draws, len(test))


def _told(stacks: Iterator[Images], values: ClinicalValues) -> Iterator[Images]:
    """Yield each picture's stack with the values of its clinical columns, which no corruption spoils."""
    for stack, known in zip(stacks, values, strict=True):
        yield with_values(stack, np.repeat(known[None], len(stack), axis=0))


def _stacks(cohort: Cohort, made: CorruptedImages, rows: pd.DataFrame) -> Iterator[Images]:
    facts = STANDARD_IMAGES.read(cohort.places)
    limits = facts[["window_low", "window_high"]].to_numpy(np.float64)
    windows = dict(zip(facts["image"].astype(str), limits, strict=True))
    opened: dict[str, StandardImageBatch] = {}
    for image, batch in zip(rows["image"].astype(str), rows["batch"].astype(str), strict=True):
        if batch not in opened:
            opened[batch] = StandardImageBatch.open(cohort.places, batch)
        low, high = (float(limit) for limit in windows[image])
        yield made.of(image, opened[batch], (low, high))
