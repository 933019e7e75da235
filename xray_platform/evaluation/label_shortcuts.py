"""Label shortcuts: how far nuisance facts alone tell normal from abnormal; equal for all models of a cohort.

A small boosted model sees the facts of labelled pictures and predicts each subject from the others.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from xray_platform.errors import StoreError
from xray_platform.evaluation.boosted_folds import FOLDS, FoldPredictions, fold_by_subject, predict_by_fold
from xray_platform.evaluation.metrics import auroc
from xray_platform.evaluation.nuisance_facts import NuisanceFact, as_numbers, known_facts
from xray_platform.evaluation.wording import count

FEWEST_SUBJECTS = 20  # of either class, among all labelled pictures; with fewer no fold says anything
MOST_PICTURES = 20_000  # that the small model learns from and predicts; of more, every n-th subject
SEED = 0  # of folds, trees and exchanges


class LabelShortcuts(BaseModel):
    """What facts alone say of labelled pictures. With `reason`, nothing could be computed, and why.

    image, abnormal, predicted: by picture its name, label, and the log-odds of being abnormal by the model that had not
    seen its subject. facts, lost: by fact its name, and how much AUROC is lost where it is exchanged (empty: no fold
    held both classes).
    """

    model_config = ConfigDict(frozen=True)

    reason: str = ""
    image: tuple[str, ...] = ()
    abnormal: tuple[bool, ...] = ()
    predicted: tuple[float, ...] = ()
    facts: tuple[str, ...] = ()
    lost: tuple[float, ...] = ()

    def of(self, rows: pd.DataFrame) -> FoldPredictions | None:
        """Return what is said of these pictures (columns image and abnormal); None where one is not known as it is."""
        said = {
            name: (label, value) for name, label, value in zip(self.image, self.abnormal, self.predicted, strict=True)
        }
        found = [
            said[name][1] if name in said and said[name][0] == label else None
            for name, label in zip(rows["image"], rows["abnormal"].astype(bool), strict=True)
        ]
        values = np.array([value for value in found if value is not None], np.float64)
        return FoldPredictions(values, np.array(self.lost, np.float64)) if len(values) == len(rows) else None

    @property
    def auroc(self) -> float | None:
        """The AUROC of the facts over all these pictures; None where nothing could be computed."""
        return auroc(np.array(self.predicted), np.array(self.abnormal, bool)) if self.image else None


def label_shortcuts(rows: pd.DataFrame) -> LabelShortcuts:
    """Predict labels from facts: `rows` has image, subject, abnormal and the columns of `nuisance_facts`.

    Of too many pictures every n-th subject is taken. Never raises for what the data lack: the result says why.
    """
    rows = thinned(rows)
    known = known_facts(rows)
    if reason := nothing_known(rows, known) or too_few(rows):
        return LabelShortcuts(reason=reason)
    labels = rows["abnormal"].to_numpy(bool)
    folds = fold_by_subject(rows["subject"].to_numpy(object), labels, SEED)
    words = np.array([fact.kind == "word" for fact in known], dtype=bool)
    said = predict_by_fold(as_numbers(rows, known), labels.astype(float), folds, words=words, task="label", seed=SEED)
    return LabelShortcuts(
        image=tuple(rows["image"].astype(str)),
        abnormal=tuple(labels.tolist()),
        predicted=tuple(said.value.tolist()),
        facts=tuple(fact.name for fact in known),
        lost=tuple(said.lost.tolist()),
    )


def thinned(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep every n-th subject of too many, by name: pseudonyms are as good as random."""
    if len(rows) <= MOST_PICTURES:
        return rows.reset_index(drop=True)
    step = -(-len(rows) // MOST_PICTURES)
    kept = np.sort(rows["subject"].unique())[::step]
    return rows[rows["subject"].isin(kept)].reset_index(drop=True)


def nothing_known(rows: pd.DataFrame, known: Sequence[NuisanceFact]) -> str:
    """Say why no fact tells anything; empty where one may."""
    if rows.empty:
        return "nothing is known of these pictures; make `standard_images` and the report anew"
    if not known:
        return "all facts are the same for all pictures"
    return ""


def too_few(rows: pd.DataFrame) -> str:
    """Say which class has too few subjects to learn from; empty where both have enough."""
    numbers = [rows.loc[rows["abnormal"].astype(bool) == labels, "subject"].nunique() for labels in (False, True)]
    if min(numbers) < FEWEST_SUBJECTS:
        return (
            f"there are {count(numbers[0], 'subject')} with normal and {numbers[1]:,} with abnormal pictures; "
            f"{FEWEST_SUBJECTS} of each are needed to divide them into {FOLDS} folds"
        )
    return ""


def write_label_shortcuts(file: Path, found: LabelShortcuts) -> None:
    """Write what was found as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(found.model_dump_json(), encoding="utf-8")


def read_label_shortcuts(data: bytes) -> LabelShortcuts:
    """Read what was written; raises StoreError where it is none."""
    try:
        return LabelShortcuts.model_validate_json(data)
    except ValidationError as error:
        raise StoreError(f"no label shortcuts: {type(error).__name__}") from error
