"""Prior shift: probabilities where a larger or smaller share is abnormal, if all else about the classes is the same.

Saerens, Latinne & Decaestecker 2002; Elkan 2001. Odds are multiplied by the ratio of the odds of both shares.
"""

import numpy as np

from xray_platform.evaluation.metrics import Numbers

ROUNDS = 1000
CLOSE = 1e-8


def shift_prior(probability: Numbers, before: float, after: float) -> Numbers:
    """Return probabilities (N,) learnt where a share `before` is abnormal, as they are where it is `after`.

    Both shares lie above 0 and below 1.

    >>> shift_prior(np.array([0.5, 0.9]), 0.5, 0.1).round(3).tolist()
    [0.1, 0.5]
    """
    ill = probability * (after / before)
    well = (1 - probability) * ((1 - after) / (1 - before))
    return np.asarray(ill / (ill + well), np.float64)


def estimate_prior(probability: Numbers, before: float) -> float:
    """Return which share of unlabelled pictures is abnormal, by maximum likelihood (EM), from their probabilities (N,).

    `before`: the share where the probabilities were learnt. Needs probabilities that are calibrated there.
    """
    share = before
    for _ in range(ROUNDS):
        now = float(shift_prior(probability, before, share).mean())
        if not 0 < now < 1:
            return now
        if abs(now - share) < CLOSE:
            return now
        share = now
    return share
