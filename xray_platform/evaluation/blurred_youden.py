"""Blurred Youden: the cut that is best when every score may shift a little, as scores do from archive to archive.

Where nearly all validation pictures are told apart, Youden's J hangs on the few that are not, and the best cut often
lies close to the class whose scores are dense. In another archive that class moves, and its pictures cross the cut
together. Blurred scores keep the cut away from where many lie.
"""

import numpy as np

from xray_platform.evaluation.metrics import Flags, Numbers

MOST_CUTS = 500
OF_A_NORMAL = 1.349  # from quartile to quartile of a normal distribution, in deviations
LOGISTIC = 0.551  # scale of the logistic distribution that has a deviation of 1


def spread_within(score: Numbers, labels: Flags) -> float:
    """Return the deviation of scores (N,) within a class, the two classes' squares averaged.

    It is measured from quartile to quartile, since single pictures may lie anywhere; both classes must be there.
    """
    quartiles = [np.quantile(score[members], [0.25, 0.75]) for members in (labels, ~labels)]
    return float(np.sqrt(np.mean([((high - low) / OF_A_NORMAL) ** 2 for low, high in quartiles])))


def blurred_youden(score: Numbers, labels: Flags, cuts: Numbers, width: float) -> int:
    """Return which of the rising cuts has the largest J each score being a logistic distribution of this width."""
    numbers = np.unique(np.linspace(0, len(cuts) - 1, min(len(cuts), MOST_CUTS)).round().astype(int))
    found = [_share(score[labels], cut, width) - _share(score[~labels], cut, width) for cut in cuts[numbers]]
    return int(numbers[int(np.argmax(found))])


def _share(score: Numbers, cut: float, width: float) -> float:
    """Return the expected share of the scores at or above a cut."""
    return float(np.mean(np.exp(-np.logaddexp(0, (cut - score) / (LOGISTIC * width)))))
