"""Reference images: what a trained model learnt from, as it sees it, for its bundle."""

import numpy as np
import pandas as pd

from xray_platform.defs.cohort import Cohort
from xray_platform.defs.read_parts import read_parts
from xray_platform.image_stack import Embeddings
from xray_platform.models.all import MODELS
from xray_platform.models.contract import FittedModel
from xray_platform.models.embedding import embed
from xray_platform.serving.reference import Reference, reference_of

MOST = 1000  # images of each part that are looked at, drawn by their names


def reference_images(cohort: Cohort, scorer: FittedModel, model: str) -> Reference | None:
    """Return the reference of a trained model; None where the training or the validation part has no such image.

    A model that learnt from normal images is compared with normal ones.
    """
    normal_only = not MODELS[model].learns_from_abnormal
    train, val = (_drawn(cohort.part(split, normal_only=normal_only)) for split in ("train", "val"))
    if train.empty or val.empty:
        return None
    learnt, others = (_embedded(cohort, scorer, rows) for rows in (train, val))
    return reference_of([str(image) for image in train["image"]], cohort.labels(train), learnt, others)


def _drawn(rows: pd.DataFrame) -> pd.DataFrame:
    """Return at most so many rows: those whose names come first, which are digests and so by chance."""
    return rows.sort_values("image").head(MOST)


def _embedded(cohort: Cohort, scorer: FittedModel, rows: pd.DataFrame) -> Embeddings:
    found = [embed(scorer, read) for _, read in read_parts(scorer, cohort.images(rows))]
    return np.concatenate(found)
