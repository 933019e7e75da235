"""Boosted folds: what a small boosted model makes of a table for subjects that it did not learn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from xray_platform.evaluation.bootstrap import subject_codes
from xray_platform.evaluation.metrics import Flags, Numbers, auroc

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

FOLDS = 5
ROUNDS = 60
REPEATS = 3  # permutations of a column, whose mean counts
Folds = NDArray[np.int64]
Task = Literal["label", "score"]


@dataclass(frozen=True)
class FoldPredictions:
    """What was predicted of each row by the model that had not seen its subject, float64 (N,).

    `lost`: by column how much AUROC is lost where its values are exchanged among the rows of a fold, (F,); empty for
    scores.
    """

    value: Numbers
    lost: Numbers


def fold_by_subject(subjects: Sequence[str] | NDArray[np.object_], labels: Flags, seed: int) -> Folds:
    """Return the fold of each row, 0 to 4: all of a subject in one, subjects with abnormal rows in equal shares."""
    codes, count = subject_codes(subjects)
    abnormal = np.bincount(codes, labels, count) > 0
    order = np.random.default_rng(seed).permutation(count)
    order = order[np.argsort(abnormal[order], kind="stable")]
    fold = np.empty(count, dtype=np.int64)
    fold[order] = np.arange(count) % FOLDS
    return fold[codes]


def predict_by_fold(
    table: Numbers, target: Numbers, folds: Folds, *, words: Flags, task: Task, seed: int
) -> FoldPredictions:
    """Fit one model a fold to the rows of all others, by one thread, and predict the rows of that fold.

    table: (N, F), NaN where unknown. target: (N,), of labels 0 and 1. words: (F,), which columns are places of words.
    The rows that a model of labels learns from must have both.
    """
    value, lost, seen = np.empty(len(target)), np.zeros(table.shape[1]), 0
    generator = np.random.default_rng(seed)
    with threadpool_limits(1):
        for fold in range(FOLDS):
            held = folds == fold
            if not held.any():
                continue
            model = _model(task, words, int((~held).sum()), seed)
            model.fit(table[~held], target[~held])
            value[held] = _predicted(model, table[held], task)
            drop = _lost(model, table[held], target[held] > 0.5, generator) if task == "label" else None
            if drop is not None:
                lost, seen = lost + drop * held.sum(), seen + int(held.sum())
    return FoldPredictions(value, lost / seen if seen else np.empty(0))


def _model(
    task: Task, words: Flags, rows: int, seed: int
) -> "HistGradientBoostingClassifier | HistGradientBoostingRegressor":
    from sklearn import ensemble  # slow to import

    kind = ensemble.HistGradientBoostingClassifier if task == "label" else ensemble.HistGradientBoostingRegressor
    return kind(
        max_iter=ROUNDS,
        max_leaf_nodes=8,
        min_samples_leaf=int(np.clip(rows // 25, 3, 20)),
        l2_regularization=1.0,
        categorical_features=words if words.any() else None,
        early_stopping=False,
        random_state=seed,
    )


def _predicted(
    model: "HistGradientBoostingClassifier | HistGradientBoostingRegressor", table: Numbers, task: Task
) -> Numbers:
    if task == "score":
        return np.asarray(model.predict(table), np.float64)
    return np.asarray(model.decision_function(table), np.float64)


def _lost(
    model: "HistGradientBoostingClassifier | HistGradientBoostingRegressor",
    table: Numbers,
    labels: Flags,
    generator: np.random.Generator,
) -> Numbers | None:
    """Return how much AUROC each column's exchange costs on held-out rows; None where they lack a class."""
    whole = auroc(_predicted(model, table, "label"), labels)
    if whole is None:
        return None
    lost = np.zeros(table.shape[1])
    for column in range(table.shape[1]):
        exchanged = np.tile(table, (REPEATS, 1))
        mixed = [generator.permutation(table[:, column]) for _ in range(REPEATS)]
        exchanged[:, column] = np.concatenate(mixed)
        parts = np.split(_predicted(model, exchanged, "label"), REPEATS)
        lost[column] = whole - float(np.mean([auroc(part, labels) for part in parts]))
    return lost
