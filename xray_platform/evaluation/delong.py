"""DeLong: variance of an AUROC and of the difference of two on the same pictures, from the scores themselves.

DeLong, DeLong and Clarke-Pearson 1988; several pictures of a subject are summed by subject first (Obuchowski 1997),
which changes nothing where each subject has one picture.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from xray_platform.evaluation.bootstrap import Metric, subject_codes
from xray_platform.evaluation.metrics import Flags, Numbers

ONE_CLASS = "the test part lacks a class"
NO_SPREAD = "no interval: by this formula the variance is 0"
ONE_SUBJECT = "no interval: a class has one subject only"
Subjects = Sequence[str] | NDArray[np.object_]


@dataclass(frozen=True)
class PairedAurocs:
    """One model's AUROC less that of another on the same pictures, with its interval and the two-sided p-value."""

    difference: Metric
    p: float | None


def delong_interval(score: Numbers, labels: Flags, subjects: Subjects, confidence: float = 0.95) -> Metric:
    """Return the AUROC of scores (N,), ties counting half, with its interval by DeLong, cut at 0 and 1."""
    if reason := _unmet(labels):
        return Metric(name="auroc", value=None, reason=reason)
    areas, covariance = auroc_covariance(np.asarray(score, np.float64)[None], labels, subjects)
    return _metric("auroc", float(areas[0]), float(covariance[0, 0]), confidence, (0.0, 1.0))


def compare_aurocs(
    score: Numbers, other: Numbers, labels: Flags, subjects: Subjects, confidence: float = 0.95
) -> PairedAurocs:
    """Return the AUROC of `score` less that of `other`, both (N,) for the same pictures, by paired DeLong."""
    if reason := _unmet(labels):
        return PairedAurocs(Metric(name="difference", value=None, reason=reason), None)
    areas, covariance = auroc_covariance(np.stack([score, other]).astype(np.float64), labels, subjects)
    contrast = np.array([1.0, -1.0])
    difference, variance = float(areas @ contrast), float(contrast @ covariance @ contrast)
    metric = _metric("difference", difference, variance, confidence, (-1.0, 1.0))
    if metric.method == "none":
        return PairedAurocs(metric, None)
    return PairedAurocs(metric, math.erfc(abs(difference) / math.sqrt(2 * variance)))


def auroc_covariance(scores: Numbers, labels: Flags, subjects: Subjects) -> tuple[Numbers, Numbers]:
    """Return the AUROC of each of M models, (M,), and their covariance, (M, M); NaN where a class has one subject.

    scores: (M, N). labels: (N,), both classes among them.
    """
    codes, count = subject_codes(subjects)
    of_abnormal, of_normal = _placements(scores, labels)
    areas: Numbers = of_abnormal.mean(axis=1)
    abnormal, normal = labels.sum(), (~labels).sum()
    above = _by_subject(of_abnormal - areas[:, None], codes[labels], count)
    below = _by_subject(of_normal - areas[:, None], codes[~labels], count)
    with_abnormal, with_normal = len(set(codes[labels])), len(set(codes[~labels]))
    if min(with_abnormal, with_normal) < 2:
        return areas, np.full((len(areas), len(areas)), np.nan)
    both = above @ below.T * count / (count - 1)
    covariance = (
        above @ above.T * with_abnormal / (with_abnormal - 1) / abnormal**2
        + below @ below.T * with_normal / (with_normal - 1) / normal**2
        + (both + both.T) / (abnormal * normal)
    )
    return areas, covariance


def _placements(scores: Numbers, labels: Flags) -> tuple[Numbers, Numbers]:
    """Return for each abnormal picture the share of normals below it, and for each normal that of abnormals above."""
    abnormal, normal = scores[:, labels], scores[:, ~labels]
    every = rankdata(np.concatenate([abnormal, normal], axis=1), axis=1)
    many, few = abnormal.shape[1], normal.shape[1]
    found = (every[:, :many] - rankdata(abnormal, axis=1)) / few
    missed = 1 - (every[:, many:] - rankdata(normal, axis=1)) / many
    return np.asarray(found, np.float64), np.asarray(missed, np.float64)


def _by_subject(values: Numbers, codes: NDArray[np.int64], count: int) -> Numbers:
    return np.stack([np.bincount(codes, row, count) for row in values])


def _unmet(labels: Flags) -> str:
    return "" if labels.any() and not labels.all() else ONE_CLASS


def _metric(name: str, value: float, variance: float, confidence: float, bounds: tuple[float, float]) -> Metric:
    if not math.isfinite(variance):
        return Metric(name=name, value=value, reason=ONE_SUBJECT)
    if variance <= 1e-15:
        return Metric(name=name, value=value, reason=NO_SPREAD)
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(variance)
    low, high = max(value - reach, bounds[0]), min(value + reach, bounds[1])
    return Metric(name=name, value=value, low=low, high=high, method="delong")
