"""Curves: the points behind the figures: ROC with its band, precision–recall, histograms, reliability, decision."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from xray_platform.errors import StoreError
from xray_platform.evaluation.bootstrap import subject_codes, weightings
from xray_platform.evaluation.evaluate import SPLITS, Evaluation
from xray_platform.evaluation.metrics import Numbers, Predictions, bin_of
from xray_platform.evaluation.net_benefit import DecisionCurve, decision_curve

GRID = np.linspace(0, 1, 101)
BAND_DRAWS = 500  # enough for a band that is drawn; the figures in tables use all draws
HISTOGRAM_BINS = 40
Points = tuple[float, ...]


class _Curve(BaseModel):
    model_config = ConfigDict(frozen=True)


class RocCurve(_Curve):
    """False and true positive rates, rising, with the threshold of each point; the band lies over `grid`."""

    false_positive_rate: Points
    true_positive_rate: Points
    thresholds: Points
    grid: Points = ()
    low: Points = ()
    high: Points = ()


class PrecisionRecallCurve(_Curve):
    """Recall, rising, with the precision and threshold of each point; `prevalence` is what guessing gives."""

    recall: Points
    precision: Points
    thresholds: Points
    prevalence: float


class Histogram(_Curve):
    """How many pictures of one part and class have a score in each bin of `edges`."""

    split: str
    abnormal: bool
    counts: tuple[int, ...]


class Reliability(_Curve):
    """For each bin that holds a picture: mean probability, observed share of abnormal, its interval, and pictures."""

    predicted: Points
    observed: Points
    low: Points
    high: Points
    pictures: tuple[int, ...]


class Curves(_Curve):
    """All curves of the test part, and the histograms of every part; None where a curve is undefined."""

    roc: RocCurve | None
    precision_recall: PrecisionRecallCurve | None
    edges: Points
    histograms: tuple[Histogram, ...]
    reliability: Reliability | None
    decision: DecisionCurve | None = None


def curves_of(evaluation: Evaluation) -> Curves:
    """Return the curves of an evaluation."""
    test = evaluation.predictions("test")
    both = bool(test.labels.any() and not test.labels.all())
    edges = _edges(evaluation.rows["score"].to_numpy(np.float64))
    return Curves(
        roc=_roc_with_band(evaluation, test) if both else None,
        precision_recall=precision_recall(test) if test.labels.any() else None,
        edges=_points(edges),
        histograms=tuple(
            _histogram(evaluation, split, abnormal, edges) for split in SPLITS for abnormal in (False, True)
        ),
        reliability=reliability(test, evaluation.settings.calibration_bins) if len(test) else None,
        decision=decision_curve(test),
    )


def roc(predictions: Predictions) -> RocCurve:
    """Return the ROC curve of pictures of both classes, without points that lie on a straight line."""
    found, alarms, thresholds = _steps(predictions, np.ones((1, len(predictions))))
    rates = np.stack([alarms[0] / alarms[0, -1], found[0] / found[0, -1]])
    kept = _corners(rates)
    return RocCurve(
        false_positive_rate=_points(rates[0, kept]),
        true_positive_rate=_points(rates[1, kept]),
        thresholds=_points(thresholds[kept]),
    )


def precision_recall(predictions: Predictions) -> PrecisionRecallCurve:
    """Return the precision–recall curve of pictures some of which are abnormal."""
    found, alarms, thresholds = (values[..., 1:] for values in _steps(predictions, np.ones((1, len(predictions)))))
    recall, precision = found[0] / found[0, -1], found[0] / (found[0] + alarms[0])
    kept = _corners(np.stack([recall, precision]))
    return PrecisionRecallCurve(
        recall=_points(recall[kept]),
        precision=_points(precision[kept]),
        thresholds=_points(thresholds[kept]),
        prevalence=float(predictions.labels.mean()),
    )


def reliability(predictions: Predictions, bins: int) -> Reliability | None:
    """Return predicted against observed frequency by bins of equal width, with Wilson's 95 % interval (1927)."""
    if predictions.probability is None:
        return None
    numbers = bin_of(predictions.probability, bins)
    pictures = np.bincount(numbers, minlength=bins)
    filled = pictures > 0
    count = pictures[filled]
    predicted = np.bincount(numbers, predictions.probability, bins)[filled] / count
    observed = np.bincount(numbers, predictions.labels, bins)[filled] / count
    middle = (observed + 1.96**2 / (2 * count)) / (1 + 1.96**2 / count)
    reach = 1.96 / (1 + 1.96**2 / count) * np.sqrt(observed * (1 - observed) / count + 1.96**2 / (4 * count**2))
    return Reliability(
        predicted=_points(predicted),
        observed=_points(observed),
        low=_points(np.clip(middle - reach, 0, 1)),
        high=_points(np.clip(middle + reach, 0, 1)),
        pictures=tuple(int(n) for n in count),
    )


def write_curves(file: Path, curves: Curves) -> Path:
    """Write the curves as JSON."""
    file.write_text(curves.model_dump_json())
    return file


def read_curves(file: Path) -> Curves:
    """Read curves back; raises StoreError where the file is missing or holds none."""
    try:
        return Curves.model_validate_json(file.read_text())
    except (OSError, ValueError) as error:
        raise StoreError(f"{file} holds no curves: {error}") from error


def _steps(predictions: Predictions, weights: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Return found abnormal and false alarms (B, K) from the highest threshold down, and the thresholds (K,).

    The first step calls nothing abnormal; equal scores are one step.
    """
    order = np.argsort(-predictions.score, kind="stable")
    score, labels = predictions.score[order], predictions.labels[order]
    last = np.flatnonzero(np.diff(score, append=-np.inf) < 0)
    nothing = np.zeros((len(weights), 1))
    found = np.cumsum(weights[:, order] * labels, axis=1)[:, last]
    alarms = np.cumsum(weights[:, order] * ~labels, axis=1)[:, last]
    thresholds = np.concatenate([[np.nextafter(score[0], np.inf)], score[last]])
    return np.hstack([nothing, found]), np.hstack([nothing, alarms]), thresholds


def _roc_with_band(evaluation: Evaluation, test: Predictions) -> RocCurve:
    """Add a point-wise band: at each false positive rate, where the draws of subjects put the sensitivity."""
    line = roc(test)
    codes, count = subject_codes(evaluation.part("test")["subject"].to_numpy(object))
    settings = evaluation.settings.draws
    drawn = replace(settings, resamples=min(settings.resamples, BAND_DRAWS))
    heights = []
    for weights in weightings(codes, count, drawn):
        found, alarms, _ = _steps(test, weights)
        whole = (found[:, -1] > 0) & (alarms[:, -1] > 0)
        heights += [np.interp(GRID, a / a[-1], f / f[-1]) for f, a in zip(found[whole], alarms[whole], strict=True)]
    if count < 2 or len(heights) < drawn.resamples / 2 or not heights:
        return line
    tail = (1 - settings.confidence) / 2
    low, high = np.quantile(np.stack(heights), [tail, 1 - tail], axis=0)
    return line.model_copy(update={"grid": _points(GRID), "low": _points(low), "high": _points(high)})


def _edges(score: Numbers) -> Numbers:
    """Return edges of bins over nearly all scores; the outermost bins also hold what lies beyond."""
    low, high = np.quantile(score, [0.002, 0.998])
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, HISTOGRAM_BINS + 1)


def _histogram(evaluation: Evaluation, split: str, abnormal: bool, edges: Numbers) -> Histogram:
    rows = evaluation.part(split)
    score = rows.loc[rows["abnormal"].astype(bool) == abnormal, "score"].to_numpy(np.float64)
    counts, _ = np.histogram(np.clip(score, edges[0], edges[-1]), edges)
    return Histogram(split=split, abnormal=abnormal, counts=tuple(int(n) for n in counts))


def _corners(points: Numbers) -> np.ndarray:
    """Return which of the points (2, K) are needed to draw the same line."""
    steps = np.diff(points, axis=1)
    turn = steps[0, :-1] * steps[1, 1:] - steps[1, :-1] * steps[0, 1:]
    return (
        np.concatenate([[True], np.abs(turn) > 1e-15, [True]])
        if points.shape[1] > 2
        else np.ones(points.shape[1], bool)
    )


def _points(values: Numbers) -> Points:
    return tuple(values.tolist())
