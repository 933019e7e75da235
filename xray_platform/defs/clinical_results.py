"""Clinical results: a model with clinical columns asked once more without them, for its report."""

from dataclasses import replace

import numpy as np

from xray_platform.clinical_columns import WIDTHS, ClinicalImages
from xray_platform.defs.cohort import Cohort
from xray_platform.defs.score_cohort import score_images
from xray_platform.evaluation.clinical_reliance import ClinicalReliance, clinical_reliance, columns_alone, known_shares
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.models.contract import FittedModel
from xray_platform.progress import Progress


def clinical_reliance_of(
    cohort: Cohort, scorer: FittedModel, evaluation: Evaluation, progress: Progress
) -> ClinicalReliance | None:
    """Return how much its columns matter to a model on the test part; None of a model without any."""
    if not cohort.clinical_columns:
        return None
    train, test = cohort.part("train"), cohort.part("test")
    values, blind = cohort.values(test).astype(np.float64), replace(cohort, clinical_columns=()).images(test)
    hidden = score_images(scorer, ClinicalImages(blind, np.zeros(values.shape, np.float32)), progress)
    alone = columns_alone(cohort.values(train).astype(np.float64), cohort.labels(train), values)
    told = evaluation.rows.set_index("image")["score"].reindex(test["image"]).to_numpy(np.float64)
    known = known_shares(values, WIDTHS, cohort.clinical_columns)
    return clinical_reliance(test.assign(score=told), hidden, alone, known, evaluation.settings.confidence)
