"""Calibration comparison: what each way to make probabilities of scores gives on the test part, all learnt on val."""

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from xray_platform.evaluation.bootstrap import Metric, measure
from xray_platform.evaluation.calibration import METHODS, Calibration, Method, fit_calibration, uncalibrated
from xray_platform.evaluation.curves import Reliability, reliability
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.metrics import Numbers, Predictions
from xray_platform.evaluation.prior_shift import estimate_prior, shift_prior

MEASURED = ("brier", "nll", "ece")
TITLES = {"raw": "Before: the score as a logit", "temperature": "Temperature", "platt": "Platt", "isotonic": "Isotonic"}


class CalibratedBy(BaseModel):
    """One way: figures on the test part, and its reliability; `chosen` marks the one in use."""

    model_config = ConfigDict(frozen=True)

    method: Literal["raw"] | Method
    chosen: bool
    metrics: dict[str, Metric]
    reliability: Reliability | None

    @property
    def title(self) -> str:
        """What people call it."""
        return TITLES[self.method]


class PriorShift(BaseModel):
    """The probabilities in use, brought to the share of abnormal pictures of the test part: figures before and after.

    val, test: the shares. estimated: that of the test part, by its probabilities alone.
    """

    model_config = ConfigDict(frozen=True)

    val: float
    test: float
    estimated: float
    before: dict[str, Metric]
    after: dict[str, Metric]


class CalibrationComparison(BaseModel):
    """All ways side by side. With `reason`, nothing could be compared, and why."""

    model_config = ConfigDict(frozen=True)

    reason: str = ""
    ways: tuple[CalibratedBy, ...] = ()
    prior: PriorShift | None = None


def compare_calibrations(evaluation: Evaluation) -> CalibrationComparison:
    """Fit every way on the validation part and measure it on the test part; says why where that cannot be done."""
    val, test = evaluation.predictions("val"), evaluation.predictions("test")
    if not len(test):
        return CalibrationComparison(reason="the test part holds no pictures")
    if not evaluation.calibration.calibrated:
        return CalibrationComparison(reason="the validation part holds one class only")
    fitted: dict[Literal["raw"] | Method, Calibration] = {"raw": uncalibrated()}
    fitted |= {method: fit_calibration(val.score, val.labels, method) for method in METHODS}
    ways = tuple(
        CalibratedBy(
            method=method,
            chosen=method == evaluation.calibration.method,
            metrics=_measured(evaluation, test, found.probability(test.score)),
            reliability=reliability(_with(test, found.probability(test.score)), evaluation.settings.calibration_bins),
        )
        for method, found in fitted.items()
    )
    return CalibrationComparison(ways=ways, prior=_prior(evaluation, val, test))


def _prior(evaluation: Evaluation, val: Predictions, test: Predictions) -> PriorShift | None:
    """Return what a correction of the prior changes; None where the test part lacks a class."""
    before, after = float(val.labels.mean()), float(test.labels.mean())
    if test.probability is None or not 0 < after < 1:
        return None
    return PriorShift(
        val=before,
        test=after,
        estimated=estimate_prior(test.probability, before),
        before=_measured(evaluation, test, test.probability),
        after=_measured(evaluation, test, shift_prior(test.probability, before, after)),
    )


def _measured(evaluation: Evaluation, test: Predictions, probability: Numbers) -> dict[str, Metric]:
    subjects = evaluation.part("test")["subject"].to_numpy(object)
    return measure(_with(test, probability), subjects, evaluation.settings.draws, MEASURED)


def _with(test: Predictions, probability: Numbers) -> Predictions:
    return Predictions(test.score, test.labels, test.predicted, np.clip(probability, 0, 1))
