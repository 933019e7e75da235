"""Conformal sets: verdicts that may be both or neither, with a promised coverage in each class, and the one measured.

Split conformal prediction by class (Vovk, Gammerman & Shafer 2005; Mondrian): a label is in the set where its p-value
among the validation pictures of that class is above the level. For pictures to come of the same kind, the true label is
in the set with at least the promised probability, in each class by itself.
"""

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from xray_platform.evaluation.bootstrap import Metric
from xray_platform.evaluation.conformal import p_value
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.metrics import Flags, Numbers, Predictions

PROMISED = (0.8, 0.9, 0.95)
Name = Literal["coverage", "coverage of normal", "coverage of abnormal"]


class ConformalSets(BaseModel):
    """What sets with one promised coverage are like on the test part: measured coverage, and shares of their kinds.

    Intervals are exact binomial ones over pictures. single, both, neither: shares of the sets; right: share of the
    single ones that hold the true label, None without any.
    """

    model_config = ConfigDict(frozen=True)

    promised: float
    coverage: Metric
    normal: Metric
    abnormal: Metric
    single: float
    both: float
    neither: float
    right: float | None


class ConformalResult(BaseModel):
    """Sets for each promise; with `reason`, none could be made, and why."""

    model_config = ConfigDict(frozen=True)

    reason: str = ""
    sets: tuple[ConformalSets, ...] = ()


def conformal_sets(evaluation: Evaluation) -> ConformalResult:
    """Make sets for the test pictures from the scores of the validation part, and measure how often they hold."""
    val, test = evaluation.predictions("val"), evaluation.predictions("test")
    if not len(test):
        return ConformalResult(reason="the test part holds no pictures")
    if val.labels.all() or not val.labels.any():
        return ConformalResult(reason="the validation part holds one class only")
    normal, abnormal = p_values(val, test.score)
    confidence = evaluation.settings.confidence
    return ConformalResult(sets=tuple(_measured(test, normal, abnormal, share, confidence) for share in PROMISED))


def p_values(val: Predictions, score: Numbers) -> tuple[Numbers, Numbers]:
    """Return the p-values (N,) of being normal, and of being abnormal, of scores (N,)."""
    return p_value(score, val.score[~val.labels]), p_value(-score, -val.score[val.labels])


def binomial_metric(name: str, hits: int, among: int, confidence: float) -> Metric:
    """Return a share with the exact interval of Clopper & Pearson 1934."""
    if not among:
        return Metric(name=name, value=None, reason="there are no such pictures in this part")
    from scipy.stats import beta  # takes half a second to import

    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, hits, among - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, among - hits)) if hits < among else 1.0
    return Metric(name=name, value=hits / among, low=low, high=high, method="exact")


def _measured(
    test: Predictions, normal: Numbers, abnormal: Numbers, promised: float, confidence: float
) -> ConformalSets:
    level = 1 - promised + 1e-12
    has_normal, has_abnormal = normal > level, abnormal > level
    held: Flags = np.where(test.labels, has_abnormal, has_normal)
    size = has_normal.astype(int) + has_abnormal.astype(int)

    def share(name: Name, chosen: Flags) -> Metric:
        return binomial_metric(name, int(held[chosen].sum()), int(chosen.sum()), confidence)

    return ConformalSets(
        promised=promised,
        coverage=share("coverage", np.ones(len(test), bool)),
        normal=share("coverage of normal", ~test.labels),
        abnormal=share("coverage of abnormal", test.labels),
        single=float((size == 1).mean()),
        both=float((size == 2).mean()),
        neither=float((size == 0).mean()),
        right=float(held[size == 1].mean()) if (size == 1).any() else None,
    )
