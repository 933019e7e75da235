"""Bootstrap: intervals of the metrics, by drawing subjects (not pictures) with replacement."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from xray_platform.evaluation.metrics import KINDS, MetricKind, Numbers, Predictions, weighted_metrics

CHUNK_ELEMENTS = 250_000  # weights held at once: 2 MB, and some ten times that while metrics are made of them
FEWEST_AT_ONCE = 8  # draws of a large part, for each step prepares columns as long as the part
FEWEST_DEFINED = 0.5  # share of the draws in which a metric must be defined for an interval
NOT_DRAWN = "no interval: one subject only, or none was asked for"
TOO_FEW = "no interval: too few subjects to draw from"
ALL_SAME = "no interval: every draw gives the same value"


@dataclass(frozen=True)
class Draws:
    """How intervals are drawn: `resamples` draws (0: no intervals), the share of them an interval holds, the seed.

    `bins`: bins of equal width of the calibration error.
    """

    resamples: int = 2000
    confidence: float = 0.95
    bins: int = 10
    seed: int = 0


class Metric(BaseModel):
    """One figure of one part: `value` with its interval, or None and the reason.

    `method` says where the interval comes from: `bootstrap`; `exact` (binomial bound on subjects, where no draw can
    show an error because none was made); `none` with `reason` saying why there is none.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    method: str = "none"
    reason: str = ""


def measure(
    predictions: Predictions,
    subjects: Sequence[str] | NDArray[np.object_],
    draws: Draws = Draws(),
    names: Collection[str] = tuple(KINDS),
) -> dict[str, Metric]:
    """Return every metric with its interval.

    subjects: (N,) the subject of each picture; all pictures of a subject are drawn together (Field & Welsh 2007), so
    that many pictures of one person do not feign certainty. Percentile intervals. The same seed and subjects give the
    same draws, so two models can be compared draw by draw. `names`: which metrics.
    """
    values = weighted_metrics(predictions, np.ones((1, len(predictions))), draws.bins, names)
    codes, count = subject_codes(subjects)
    drawn: dict[str, Numbers] = {}
    if draws.resamples and count > 1:
        parts = [
            weighted_metrics(predictions, weights, draws.bins, names) for weights in weightings(codes, count, draws)
        ]
        drawn = {name: np.concatenate([part[name] for part in parts]) for name in values}
    return {
        name: metric_of(KINDS[name], float(values[name][0]), drawn.get(name), predictions, codes, draws.confidence)
        for name in names
    }


def subject_codes(subjects: Sequence[str] | NDArray[np.object_]) -> tuple[NDArray[np.int64], int]:
    """Return the number of each picture's subject, and how many subjects there are."""
    names, codes = np.unique(np.asarray(subjects, dtype=str), return_inverse=True)
    return codes.astype(np.int64), len(names)


def weightings(codes: NDArray[np.int64], count: int, draws: Draws) -> Iterator[Numbers]:
    """Yield how often each picture is drawn, float64 (b, N), a bounded number of draws at a time."""
    generator = np.random.default_rng(draws.seed)
    chunk = min(draws.resamples, max(FEWEST_AT_ONCE, CHUNK_ELEMENTS // max(len(codes), count)))
    for start in range(0, draws.resamples, chunk):
        rows = min(chunk, draws.resamples - start)
        chosen = generator.integers(0, count, (rows, count)) + np.arange(rows)[:, None] * count
        times = np.bincount(chosen.ravel(), minlength=rows * count).reshape(rows, count)
        yield times[:, codes].astype(np.float64)


def metric_of(
    kind: MetricKind,
    value: float,
    drawn: Numbers | None,
    predictions: Predictions,
    codes: NDArray[np.int64],
    confidence: float,
) -> Metric:
    """Return a figure with its interval: of its `value`, what it was in each draw (None: none), and whose it is."""
    if unmet := predictions.unmet(kind):
        return Metric(name=kind.name, value=None, reason=unmet)
    if drawn is not None and kind.no_interval:
        return Metric(name=kind.name, value=value, reason=kind.no_interval)
    found = with_interval(kind.name, value, drawn, confidence)
    if found.reason != ALL_SAME:
        return found
    return _without_errors(kind, value, predictions, codes, (1 - confidence) / 2)


def with_interval(name: str, value: float, drawn: Numbers | None, confidence: float, undefined: str = "") -> Metric:
    """Return a figure with the percentile interval of what it was in each draw, (B,), NaN where undefined.

    Without draws (None), with too few in which it is defined, or where all are equal, the reason stands in its place;
    a value that is not finite is None, for the reason `undefined`.
    """
    if not np.isfinite(value):
        return Metric(name=name, value=None, reason=undefined)
    if drawn is None:
        return Metric(name=name, value=value, reason=NOT_DRAWN)
    defined = drawn[np.isfinite(drawn)]
    if len(defined) < max(FEWEST_DEFINED * len(drawn), 1):
        return Metric(name=name, value=value, reason=TOO_FEW)
    tail = (1 - confidence) / 2
    low, high = (float(bound) for bound in np.quantile(defined, [tail, 1 - tail]))
    if low == high:
        return Metric(name=name, value=value, reason=ALL_SAME)
    return Metric(name=name, value=value, low=low, high=high, method="bootstrap")


def _without_errors(
    kind: MetricKind, value: float, predictions: Predictions, codes: NDArray[np.int64], tail: float
) -> Metric:
    """Bound a share that is exactly 0 or 1: with n subjects and no error, the rate may still be 1 − tail^(1/n).

    Clopper & Pearson 1934, counted in subjects. A perfect AUROC is bounded likewise by the smaller class.
    """
    among = _subjects_counted(kind.name, predictions, codes)
    if among is None or value not in {0.0, 1.0}:
        return Metric(name=kind.name, value=value, reason=ALL_SAME)
    slack = 1 - tail ** (1 / among)
    low, high = (1 - slack, 1.0) if value == 1 else (0.0, slack)
    return Metric(name=kind.name, value=value, low=low, high=high, method="exact")


def _subjects_counted(name: str, predictions: Predictions, codes: NDArray[np.int64]) -> int | None:
    """Return how many subjects stand behind a share, None for a metric that is no share."""
    chosen = {
        "sensitivity": predictions.labels,
        "specificity": ~predictions.labels,
        "ppv": predictions.predicted,
        "npv": ~predictions.predicted,
        "accuracy": np.ones(len(predictions), dtype=bool),
    }
    if name == "auroc":
        return min(len(np.unique(codes[predictions.labels])), len(np.unique(codes[~predictions.labels])))
    return len(np.unique(codes[chosen[name]])) if name in chosen else None
