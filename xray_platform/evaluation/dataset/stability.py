"""Population stability: how far two groups differ in one fact, and whether chance alone would make them differ so."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

BINS = 10
Numbers = NDArray[np.float64]


class Difference(NamedTuple):
    """The p-value of two groups being alike, and their population stability index beyond chance."""

    p: float
    change: float


def difference(new: Numbers, old: Numbers) -> Difference:
    """Compare the numbers of two groups: Kolmogorov and Smirnov's test, and stability over tenths of the old."""
    p = float(stats.ks_2samp(new, old, method="asymp").pvalue)
    edges = np.unique(np.quantile(old, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = len(edges) + 1
    counts = [np.bincount(np.searchsorted(edges, side, side="right"), minlength=bins) for side in (new, old)]
    return Difference(p, stability(counts[0], counts[1]))


def stability(new: Sequence[int] | NDArray[np.int64], old: Sequence[int] | NDArray[np.int64]) -> float:
    """Return the population stability index of two rows of counts, less its mean where both are alike; not below 0.

    Half a subject is added to each bin, so that an empty one makes no infinity.
    """
    first, second = np.asarray(new, np.float64) + 0.5, np.asarray(old, np.float64) + 0.5
    share, was = first / first.sum(), second / second.sum()
    index = float(((share - was) * np.log(share / was)).sum())
    chance = float((len(first) - 1) * (1 / first.sum() + 1 / second.sum()))
    return max(index - chance, 0.0)
