"""Reliance: how far probabilities and verdicts hold: calibrations side by side, conformal sets, a reject option."""

from pydantic import BaseModel, ConfigDict

from xray_platform.evaluation.calibration_comparison import CalibrationComparison, compare_calibrations
from xray_platform.evaluation.conformal_sets import ConformalResult, conformal_sets
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.selective import RiskCoverage, risk_coverage


class Reliance(BaseModel):
    """All three, each with a reason where it could not be computed."""

    model_config = ConfigDict(frozen=True)

    calibrations: CalibrationComparison
    conformal: ConformalResult
    selective: RiskCoverage


def reliance_of(evaluation: Evaluation) -> Reliance:
    """Return how far the probabilities and verdicts of a model can be relied on, on the test part."""
    return Reliance(
        calibrations=compare_calibrations(evaluation),
        conformal=conformal_sets(evaluation),
        selective=risk_coverage(evaluation),
    )
