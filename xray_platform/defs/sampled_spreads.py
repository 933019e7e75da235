"""Sampled spreads: how far what a model might have said of test pictures goes apart, where it can be asked."""

import numpy as np
import pandas as pd

from xray_platform.defs.cohort import Cohort
from xray_platform.defs.model_store import TrainingRecord
from xray_platform.defs.read_parts import read_parts
from xray_platform.evaluation.error_order import spread_of
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.image_stack import Samples
from xray_platform.models.contract import FittedModel, SampledModel
from xray_platform.progress import Progress
from xray_platform.tables.all import SPREADS


def spreads_of(
    record: TrainingRecord, cohort: Cohort, scorer: FittedModel, evaluation: Evaluation, progress: Progress
) -> pd.DataFrame:
    """Return the rows of the table SPREADS of one model: of each test picture, by what was changed."""
    rows, said = cohort.part("test"), dict[str, list[Samples]]()
    if not isinstance(scorer, SampledModel) or rows.empty:
        return SPREADS.frame([])
    for part, read in read_parts(scorer, cohort.images(rows)):
        for source, samples in scorer.sampled_scores(read).items():
            said.setdefault(source, []).append(samples)
        progress(min(part.stop, len(rows)), len(rows), "pictures whose uncertainty is measured")
    found = []
    for source, parts in said.items():
        samples = np.concatenate(parts, axis=1)
        if len(samples) > 1:
            spread = spread_of(samples, evaluation.calibration)
            images = rows["image"].astype(str)
            found.append(pd.DataFrame({"image": images, "source": source, "times": len(samples), "spread": spread}))
    if not found:
        return SPREADS.frame([])
    joined = pd.concat(found, ignore_index=True).assign(model=record.model, run=record.run)
    return SPREADS.typed(joined[[column.name for column in SPREADS.columns]])
