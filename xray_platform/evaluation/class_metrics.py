"""Class metrics: how well a model tells several classes apart: one against the rest, averaged, and as a table."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from xray_platform.evaluation.bootstrap import (
    CHUNK_ELEMENTS,
    Draws,
    Metric,
    metric_of,
    subject_codes,
    weightings,
    with_interval,
)
from xray_platform.evaluation.class_outputs import ClassPredictions
from xray_platform.evaluation.metrics import KINDS, Numbers, weighted_metrics

ONE_VS_REST = ("auroc", "average_precision", "sensitivity", "specificity", "ppv", "npv", "f1", "brier", "ece")
MACRO = ("auroc", "average_precision", "sensitivity", "specificity", "ppv", "f1")
MICRO = ("auroc", "average_precision")
OVERALL = {
    "accuracy": "share of the pictures that are given just the classes that they have",
    "balanced_accuracy": "mean over the classes of the share of their pictures that is found",
}
UNDEFINED = "it is undefined for a class of this part"
Values = dict[tuple[str, str], Numbers]


class ClassMetrics(BaseModel):
    """The figures of one part.

    each: by class, then by name, the class against all others. macro: the mean over the classes that the part has
    pictures with and without of. micro: every pair of picture and class counted alike. overall: of the named classes.
    confusion: pictures by the class that they have (rows) and the one that is named (columns), where both are one;
    `aside` is how many pictures are not in it. pictures: how many have each class.
    """

    model_config = ConfigDict(frozen=True)

    each: dict[str, dict[str, Metric]]
    macro: dict[str, Metric]
    micro: dict[str, Metric]
    overall: dict[str, Metric]
    confusion: tuple[tuple[int, ...], ...]
    aside: int
    pictures: dict[str, int]


def measure_classes(
    predictions: ClassPredictions, subjects: Sequence[str] | NDArray[np.object_], draws: Draws = Draws()
) -> ClassMetrics:
    """Return every figure with its interval; whole subjects are drawn, and all figures see the same draws."""
    codes, number = subject_codes(subjects)
    resampled = weightings(codes, number, draws) if draws.resamples and number > 1 else iter(())
    parts: dict[tuple[str, str], list[Numbers]] = defaultdict(list)
    plain: Values = {}
    averaged = _both(predictions)
    for place, weights in enumerate(chain([np.ones((1, len(predictions)))], resampled)):
        found = _values(predictions, weights, draws.bins, averaged)
        if place == 0:
            plain = found
        else:
            for key, values in found.items():
                parts[key].append(values)
    drawn = {key: np.concatenate(values) for key, values in parts.items()}
    each = {
        name: {
            kind: metric_of(
                KINDS[kind],
                float(plain[name, kind][0]),
                drawn.get((name, kind)),
                predictions.one_vs_rest(column),
                codes,
                draws.confidence,
            )
            for kind in ONE_VS_REST
        }
        for column, name in enumerate(predictions.classes)
    }
    grouped = {
        group: {
            kind: with_interval(
                kind, float(plain[group, kind][0]), drawn.get((group, kind)), draws.confidence, UNDEFINED
            )
            for kind in kinds
        }
        for group, kinds in (("|macro", MACRO), ("|micro", MICRO), ("|overall", tuple(OVERALL)))
    }
    table, aside = confusion_of(predictions)
    return ClassMetrics(
        each=each,
        macro=grouped["|macro"],
        micro=grouped["|micro"],
        overall=grouped["|overall"],
        confusion=tuple(tuple(int(cell) for cell in row) for row in table),
        aside=aside,
        pictures={
            name: int(total) for name, total in zip(predictions.classes, predictions.present.sum(axis=0), strict=True)
        },
    )


def confusion_of(predictions: ClassPredictions) -> tuple[NDArray[np.int64], int]:
    """Return pictures by the class that they have and the one that is named, (K, K), and how many are left aside."""
    one = (predictions.present.sum(axis=1) == 1) & (predictions.named.sum(axis=1) == 1)
    table = predictions.present[one].astype(np.int64).T @ predictions.named[one].astype(np.int64)
    return table, int((~one).sum())


def _both(predictions: ClassPredictions) -> list[int]:
    """Return the places of the classes that some pictures have and some have not."""
    return [
        place for place, column in enumerate(predictions.present.T) if len(column) and column.any() and not column.all()
    ]


def _values(predictions: ClassPredictions, weights: Numbers, bins: int, averaged: list[int]) -> Values:
    found: Values = {}
    for place, name in enumerate(predictions.classes):
        of_class = weighted_metrics(predictions.one_vs_rest(place), weights, bins, ONE_VS_REST)
        found |= {(name, kind): values for kind, values in of_class.items()}
    nothing = np.full(len(weights), np.nan)
    names = [predictions.classes[place] for place in averaged]
    for kind in MACRO:
        values = [found[name, kind] for name in names]
        found["|macro", kind] = np.mean(values, axis=0) if values else nothing
    found |= _pooled(predictions, weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        right = (predictions.present == predictions.named).all(axis=1).astype(np.float64)
        found["|overall", "accuracy"] = weights @ right / weights.sum(axis=1)
    recalls = [
        found[name, "sensitivity"]
        for place, name in enumerate(predictions.classes)
        if predictions.present[:, place].any()
    ]
    found["|overall", "balanced_accuracy"] = np.mean(recalls, axis=0) if recalls else nothing
    return found


def _pooled(predictions: ClassPredictions, weights: Numbers) -> Values:
    """Return the micro averages, a bounded number of weights at a time: there are K times as many as pictures."""
    classes = len(predictions.classes)
    pieces = max(1, -(-weights.size * classes // CHUNK_ELEMENTS))
    pooled = predictions.pooled()
    parts = [
        weighted_metrics(pooled, np.repeat(piece, classes, axis=1), names=MICRO)
        for piece in np.array_split(weights, min(pieces, len(weights)))
    ]
    return {("|micro", kind): np.concatenate([part[kind] for part in parts]) for kind in MICRO}
