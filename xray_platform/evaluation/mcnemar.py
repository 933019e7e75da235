"""McNemar: whether two models that judge the same pictures are right equally often (McNemar 1947), exactly."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from xray_platform.evaluation.metrics import Flags


@dataclass(frozen=True)
class McNemar:
    """On how many pictures only one of two models is right, and the two-sided p-value; None where they never differ."""

    only_first: int
    only_second: int
    p: float | None


def mcnemar(first: Flags, second: Flags, labels: Flags) -> McNemar:
    """Compare two models' verdicts (N,) on the same pictures, at thresholds that were fixed before.

    Exact: of the pictures on which one alone is right, each is as likely the right one if they are equally good.
    Pictures count for themselves, also several of a subject.
    """
    right, other = np.asarray(first) == labels, np.asarray(second) == labels
    only_first, only_second = int((right & ~other).sum()), int((~right & other).sum())
    differ = only_first + only_second
    p = float(binomtest(only_first, differ, 0.5).pvalue) if differ else None
    return McNemar(only_first, only_second, p)
