"""Bootstrap: intervals of the metrics, by drawing subjects (not pictures) with replacement."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from xray_platform.evaluation.metrics import METRICS, Judged, MetricKind, Numbers, weighted_metrics

CHUNK_ELEMENTS = 2_000_000  # weights held at once: 16 MB, whatever the number of pictures
FEWEST_DEFINED = 0.5  # share of the draws in which a metric must be defined for an interval


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
    judged: Judged,
    subjects: Sequence[str] | NDArray[np.object_],
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    bins: int = 10,
    seed: int = 0,
) -> dict[str, Metric]:
    """Return every metric with its interval.

    subjects: (N,) the subject of each picture; all pictures of a subject are drawn together (Field & Welsh 2007), so
    that many pictures of one person do not feign certainty. Percentile intervals. `resamples` 0 leaves intervals out.
    The same seed and subjects give the same draws, so two models can be compared draw by draw.
    """
    values = weighted_metrics(judged, np.ones((1, len(judged))), bins)
    codes, count = subject_codes(subjects)
    drawn: dict[str, Numbers] = {}
    if resamples and count > 1:
        parts = [weighted_metrics(judged, weights, bins) for weights in draws(codes, count, resamples, seed)]
        drawn = {name: np.concatenate([part[name] for part in parts]) for name in values}
    metrics = {}
    for kind in METRICS:
        value = float(values[kind.name][0])
        metrics[kind.name] = _metric(kind, value, drawn.get(kind.name), judged, codes, confidence)
    return metrics


def subject_codes(subjects: Sequence[str] | NDArray[np.object_]) -> tuple[NDArray[np.int64], int]:
    """Return the number of each picture's subject, and how many subjects there are."""
    names, codes = np.unique(np.asarray(subjects, dtype=str), return_inverse=True)
    return codes.astype(np.int64), len(names)


def draws(codes: NDArray[np.int64], count: int, resamples: int, seed: int) -> Iterator[Numbers]:
    """Yield the weights of the draws, float64 (b, N), a bounded number of rows at a time."""
    generator = np.random.default_rng(seed)
    chunk = max(1, min(resamples, CHUNK_ELEMENTS // max(len(codes), count)))
    for start in range(0, resamples, chunk):
        rows = min(chunk, resamples - start)
        chosen = generator.integers(0, count, (rows, count)) + np.arange(rows)[:, None] * count
        times = np.bincount(chosen.ravel(), minlength=rows * count).reshape(rows, count)
        yield times[:, codes].astype(np.float64)


def _metric(
    kind: MetricKind,
    value: float,
    drawn: Numbers | None,
    judged: Judged,
    codes: NDArray[np.int64],
    confidence: float,
) -> Metric:
    if unmet := judged.unmet(kind):
        return Metric(name=kind.name, value=None, reason=unmet)
    if drawn is None:
        return Metric(name=kind.name, value=value, reason="no interval: one subject only, or none was asked for")
    defined = drawn[np.isfinite(drawn)]
    if len(defined) < FEWEST_DEFINED * len(drawn):
        return Metric(name=kind.name, value=value, reason="no interval: too few subjects to draw from")
    tail = (1 - confidence) / 2
    low, high = (float(bound) for bound in np.quantile(defined, [tail, 1 - tail]))
    if low < high:
        return Metric(name=kind.name, value=value, low=low, high=high, method="bootstrap")
    return _without_errors(kind, value, judged, codes, tail)


def _without_errors(kind: MetricKind, value: float, judged: Judged, codes: NDArray[np.int64], tail: float) -> Metric:
    """Bound a share that is exactly 0 or 1: with n subjects and no error, the rate may still be 1 − tail^(1/n).

    Clopper & Pearson 1934, counted in subjects. A perfect AUROC is bounded likewise by the smaller class.
    """
    among = _subjects_counted(kind.name, judged, codes)
    if among is None or value not in {0.0, 1.0}:
        return Metric(name=kind.name, value=value, reason="no interval: every draw gives the same value")
    slack = 1 - tail ** (1 / among)
    low, high = (1 - slack, 1.0) if value == 1 else (0.0, slack)
    return Metric(name=kind.name, value=value, low=low, high=high, method="exact")


def _subjects_counted(name: str, judged: Judged, codes: NDArray[np.int64]) -> int | None:
    """Return how many subjects stand behind a share, None for a metric that is no share."""
    chosen = {
        "sensitivity": judged.truth,
        "specificity": ~judged.truth,
        "ppv": judged.verdict,
        "npv": ~judged.verdict,
        "accuracy": np.ones(len(judged), dtype=bool),
    }
    if name == "auroc":
        return min(len(np.unique(codes[judged.truth])), len(np.unique(codes[~judged.truth])))
    return len(np.unique(codes[chosen[name]])) if name in chosen else None
