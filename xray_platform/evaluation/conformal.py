"""Conformal: how likely a normal picture scores as high as this one, from normal pictures that nothing was learnt from.

Split conformal prediction (Vovk, Gammerman, Shafer, 2005): where a normal picture to come is exchangeable with those,
its p-value lies at or below any level with at most that probability, whatever the scores look like. Where it is not,
because it comes from another device or hospital, the promise is as good as the worst group that was seen: hence groups.
"""

import math

import numpy as np
from numpy.typing import NDArray

from xray_platform.errors import DataError
from xray_platform.evaluation.metrics import Numbers

LEAST_GROUP = 20  # normal pictures from which on a group has a say of its own
Groups = NDArray[np.object_]


def p_value(score: Numbers, normal: Numbers) -> Numbers:
    """Return the conformal p-values (N,) of scores (N,) among those (n,) of normal pictures not learnt from.

    >>> p_value(np.array([0.5, 4.5]), np.arange(9.0)).tolist()
    [0.9, 0.5]
    """
    if not len(normal):
        raise DataError("no p-value can be given without scores of normal pictures; at least one is needed")
    higher = len(normal) - np.searchsorted(np.sort(normal), score, side="left")
    return np.asarray((1 + higher) / (len(normal) + 1), np.float64)


def fewest_normals(target: float) -> int:
    """Return how many normal pictures it takes to promise that share of normal verdicts.

    >>> fewest_normals(0.95)
    19
    """
    return math.ceil(round(target / (1 - target), 9))


def conformal_cut(normal: Numbers, target: float) -> float:
    """Return the lowest score whose p-value is at most 1 - `target`; above all scores where there are too few of them.

    >>> conformal_cut(np.arange(19.0), 0.95) > 18
    True
    >>> conformal_cut(np.arange(99.0), 0.95) > 94
    True
    """
    rank = min(math.ceil(round((len(normal) + 1) * target, 9)), len(normal))
    return float(np.nextafter(np.sort(normal)[rank - 1], np.inf))


def groups_with_a_say(groups: Groups) -> list[str]:
    """Return the names of the groups that have enough pictures, in order."""
    names, counts = np.unique(groups.astype(str), return_counts=True)
    return [str(name) for name, count in zip(names, counts, strict=True) if count >= LEAST_GROUP]
