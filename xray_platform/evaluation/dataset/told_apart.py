"""Told apart: whether a classifier that is taught to can tell one group of embeddings from another.

The classifier two-sample test (Lopez-Paz and Oquab, ICLR 2017). Each half of the subjects is judged by a classifier
that was taught on the other half, so that what is compared was never learnt.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score

from xray_platform.evaluation.dataset.stability import difference

SEED = 0  # of the division into halves
Vectors = NDArray[np.float32]


class ToldApart(NamedTuple):
    """How two groups differ: p-value, stability index of what the classifiers say beyond chance, and their AUROC."""

    p: float
    change: float
    auroc: float


def told_apart(new: Vectors, old: Vectors) -> ToldApart:
    """Compare embeddings (N, C) with earlier ones (M, C), one a subject; N and M are at least 4.

    The p-value is twice the smaller one of both halves, which holds however the halves hang together.
    """
    vectors, is_new = np.concatenate([new, old]).astype(np.float64), np.arange(len(new) + len(old)) < len(new)
    half = _halves(is_new)
    found, areas = [], []
    for judged in (half, ~half):
        said = _said(vectors[~judged], is_new[~judged], vectors[judged])
        found.append(difference(said[is_new[judged]], said[~is_new[judged]]))
        areas.append(float(roc_auc_score(is_new[judged], said)))
    p = min(1.0, 2 * min(each.p for each in found))
    return ToldApart(p, float(np.mean([each.change for each in found])), float(np.mean(areas)))


def _halves(is_new: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Divide by chance, each group in half."""
    rng, half = np.random.default_rng(SEED), np.zeros(len(is_new), bool)
    for members in (np.flatnonzero(is_new), np.flatnonzero(~is_new)):
        half[rng.permutation(members)[: len(members) // 2]] = True
    return half


def _said(taught: NDArray[np.float64], is_new: NDArray[np.bool_], asked: NDArray[np.float64]) -> NDArray[np.float64]:
    classifier = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=[0.5, 0.5])
    said: NDArray[np.float64] = classifier.fit(taught, is_new).decision_function(asked)
    return said
