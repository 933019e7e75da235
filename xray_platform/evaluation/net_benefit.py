"""Net benefit: what acting on the probabilities is worth, for every threshold at which someone would act.

Vickers and Elkin 2006: abnormal pictures found, less false alarms at the price that the threshold itself states: who
acts from a probability of 10 % on accepts nine false alarms for one that is found.
"""

import numpy as np
from pydantic import BaseModel, ConfigDict

from xray_platform.evaluation.metrics import Numbers, Predictions

GRID = np.arange(1, 100) / 100
Points = tuple[float, ...]


class DecisionCurve(BaseModel):
    """Net benefit of the test part by threshold, in abnormal pictures found, without any false alarm, a picture.

    `model`: acting from that probability on; `verdict`: on the verdict at the frozen threshold of the score;
    `everyone`: on every picture. To act on none is worth 0.
    """

    model_config = ConfigDict(frozen=True)

    threshold: Points
    model: Points
    verdict: Points
    everyone: Points


def decision_curve(test: Predictions) -> DecisionCurve | None:
    """Return the decision curve; None without pictures or without calibrated probabilities."""
    if test.probability is None or not len(test):
        return None
    called = test.probability[:, None] >= GRID
    return DecisionCurve(
        threshold=tuple(GRID.tolist()),
        model=_points(called, test),
        verdict=_points(np.repeat(test.predicted[:, None], len(GRID), axis=1), test),
        everyone=_points(np.ones_like(called), test),
    )


def _points(called: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]", test: Predictions) -> Points:
    found: Numbers = (called & test.labels[:, None]).mean(axis=0)
    alarms: Numbers = (called & ~test.labels[:, None]).mean(axis=0)
    return tuple((found - alarms * GRID / (1 - GRID)).tolist())
