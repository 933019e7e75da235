"""Metrics: how well scores, predictions and probabilities agree with the labels, for many weightings at once."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Need = Literal["pictures", "abnormal", "normal", "called abnormal", "called normal", "probability"]

UNMET: dict[Need, str] = {
    "pictures": "there are no pictures in this part",
    "abnormal": "there are no abnormal pictures in this part",
    "normal": "there are no normal pictures in this part",
    "called abnormal": "no picture is called abnormal",
    "called normal": "no picture is called normal",
    "probability": "the probabilities are not calibrated: the validation part holds one class only",
}
SMALLEST_PROBABILITY = 1e-7  # keeps one confident mistake from making the likelihood infinite


@dataclass(frozen=True)
class MetricKind:
    """What one metric is called and says, what it needs to be defined, its best value, and what forbids an interval."""

    name: str
    title: str
    description: str
    needs: tuple[Need, ...]
    best: float = 1.0
    no_interval: str = ""


METRICS: tuple[MetricKind, ...] = (
    MetricKind(
        "auroc",
        "AUROC",
        "probability that an abnormal picture gets a higher score than a normal one; 0.5 is guessing",
        ("abnormal", "normal"),
    ),
    MetricKind(
        "average_precision",
        "Average precision",
        "area under the precision–recall curve; guessing gives the share of abnormal pictures",
        ("abnormal",),
    ),
    MetricKind("sensitivity", "Sensitivity", "share of the abnormal pictures that are called abnormal", ("abnormal",)),
    MetricKind("specificity", "Specificity", "share of the normal pictures that are called normal", ("normal",)),
    MetricKind(
        "ppv", "Positive predictive value", "share of the pictures called abnormal that are", ("called abnormal",)
    ),
    MetricKind("npv", "Negative predictive value", "share of the pictures called normal that are", ("called normal",)),
    MetricKind("accuracy", "Accuracy", "share of right predictions", ("pictures",)),
    MetricKind("balanced_accuracy", "Balanced accuracy", "mean of sensitivity and specificity", ("abnormal", "normal")),
    MetricKind("f1", "F1", "harmonic mean of sensitivity and positive predictive value", ("abnormal",)),
    MetricKind(
        "mcc",
        "Matthews correlation",
        "correlation of prediction and label, from −1 to 1; 0 is guessing",
        ("abnormal", "normal", "called abnormal", "called normal"),
    ),
    MetricKind(
        "brier",
        "Brier score",
        "mean squared distance of probability and label; 0 is perfect",
        ("pictures", "probability"),
        best=0.0,
    ),
    MetricKind(
        "nll",
        "Negative log-likelihood",
        "mean surprise of the labels under the probabilities, in nats; 0 is perfect",
        ("pictures", "probability"),
        best=0.0,
    ),
    MetricKind(
        "ece",
        "Expected calibration error",
        "mean distance of predicted and observed frequency, over bins of equal width; 0 is perfect",
        ("pictures", "probability"),
        best=0.0,
        no_interval="no interval: a draw of subjects adds gaps of its own, and so draws lie too high",
    ),
)
KINDS = {kind.name: kind for kind in METRICS}
RANKING = frozenset({"auroc", "average_precision"})
PROBABILITY = frozenset({"brier", "nll", "ece"})


@dataclass(frozen=True)
class Predictions:
    """The predictions for one part of the data: arrays of shape (N,), one entry a picture.

    score: float64, higher is more abnormal. labels, predicted: true is abnormal.
    probability: float64 in [0, 1], or None where the probabilities are not calibrated.
    """

    score: Numbers
    labels: Flags
    predicted: Flags
    probability: Numbers | None

    def __len__(self) -> int:
        return len(self.score)

    @cached_property
    def order(self) -> NDArray[np.intp]:
        """The places of the pictures by rising score, those of one score as they come: sorted once for all draws."""
        return np.argsort(self.score, kind="stable")

    def unmet(self, kind: MetricKind) -> str:
        """Return why a metric is undefined for these pictures; empty where it is defined."""
        met: dict[Need, bool] = {
            "pictures": len(self) > 0,
            "abnormal": bool(self.labels.any()),
            "normal": bool((~self.labels).any()),
            "called abnormal": bool(self.predicted.any()),
            "called normal": bool((~self.predicted).any()),
            "probability": self.probability is not None,
        }
        missing = [need for need in kind.needs if not met[need]]
        return UNMET["pictures"] if missing and not len(self) else UNMET[missing[0]] if missing else ""


def weighted_metrics(
    predictions: Predictions, weights: Numbers, bins: int = 10, names: Collection[str] = tuple(KINDS)
) -> dict[str, Numbers]:
    """Return metrics, all or those named, for every weighting of the pictures.

    weights: float64 (B, N), each row says how often each picture counts. Each value of the result is float64 (B,),
    NaN where the metric is undefined under that weighting. One row of ones gives the plain metrics.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        found: dict[str, Numbers] = {}
        if not RANKING.isdisjoint(names):
            found |= ranking_metrics(predictions, weights)
        if not PROBABILITY.isdisjoint(names):
            found |= probability_metrics(predictions, weights, bins)
        if not set(names) <= RANKING | PROBABILITY:
            found |= confusion_metrics(predictions, weights)
    return {name: found[name] for name in names}


def ranking_metrics(predictions: Predictions, weights: Numbers) -> dict[str, Numbers]:
    """Return AUROC (ties count half; Hanley & McNeil 1982) and average precision (ties are one step)."""
    if not len(predictions):
        return {name: np.full(len(weights), np.nan) for name in RANKING}
    order = predictions.order
    starts = np.flatnonzero(np.diff(predictions.score[order], prepend=-np.inf) > 0)
    sorted_weights, labels = weights[:, order], predictions.labels[order]
    abnormal, normal = sorted_weights * labels, sorted_weights * ~labels
    if len(starts) < len(predictions):
        abnormal, normal = (np.add.reduceat(values, starts, axis=1) for values in (abnormal, normal))
    all_abnormal, all_normal = abnormal.sum(axis=1), normal.sum(axis=1)
    below = np.cumsum(normal, axis=1) - normal / 2
    auroc = (abnormal * below).sum(axis=1) / (all_abnormal * all_normal)
    found = np.cumsum(abnormal[:, ::-1], axis=1)
    called = found + np.cumsum(normal[:, ::-1], axis=1)
    precision = np.divide(found, called, out=np.zeros_like(found), where=called > 0)
    return {"auroc": auroc, "average_precision": (abnormal[:, ::-1] * precision).sum(axis=1) / all_abnormal}


def auroc(score: Numbers, labels: Flags) -> float | None:
    """Return the AUROC of scores (N,) by labels (N,); None where a class is missing or a score is not finite."""
    if labels.all() or not labels.any() or not np.isfinite(score).all():
        return None
    return float(ranking_metrics(Predictions(score, labels, labels, None), np.ones((1, len(score))))["auroc"][0])


def confusion_metrics(predictions: Predictions, weights: Numbers) -> dict[str, Numbers]:
    """Return the metrics of the two-by-two table; MCC after Matthews 1975."""
    labels, predicted = predictions.labels, predictions.predicted
    cells = np.stack([labels & predicted, ~labels & predicted, labels & ~predicted, ~labels & ~predicted], axis=1)
    tp, fp, fn, tn = (weights @ cells.astype(np.float64)).T
    sensitivity, specificity = tp / (tp + fn), tn / (tn + fp)
    margins = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "ppv": tp / (tp + fp),
        "npv": tn / (tn + fn),
        "accuracy": (tp + tn) / (tp + fp + fn + tn),
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "f1": np.where(tp + fn > 0, 2 * tp / (2 * tp + fp + fn), np.nan),
        "mcc": (tp * tn - fp * fn) / np.sqrt(margins),
    }


def probability_metrics(predictions: Predictions, weights: Numbers, bins: int) -> dict[str, Numbers]:
    """Return Brier score (Brier 1950), negative log-likelihood, and ECE (Guo et al. 2017) over bins of equal width."""
    if predictions.probability is None:
        return {name: np.full(len(weights), np.nan) for name in PROBABILITY}
    probability, labels = predictions.probability, predictions.labels.astype(np.float64)
    total = weights.sum(axis=1)
    of_label = np.clip(np.where(predictions.labels, probability, 1 - probability), SMALLEST_PROBABILITY, 1)
    in_bin = bin_of(probability, bins)[:, None] == np.arange(bins)
    gaps = np.abs(weights @ (in_bin * (probability - labels)[:, None]))
    return {
        "brier": weights @ (probability - labels) ** 2 / total,
        "nll": weights @ -np.log(of_label) / total,
        "ece": gaps.sum(axis=1) / total,
    }


def bin_of(probability: Numbers, bins: int) -> NDArray[np.int64]:
    """Return the number of the bin, 0 to bins − 1, of each probability; bins have equal width, 1 is in the last."""
    return np.minimum((probability * bins).astype(np.int64), bins - 1)
