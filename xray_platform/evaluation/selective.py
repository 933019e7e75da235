"""Selective verdicts: what is gained where the model passes the pictures that it is least sure of to a person.

Sureness is how far a picture's probability lies from the one at the threshold; the risk–coverage curve (El-Yaniv &
Wiener 2010) says how often verdicts are wrong among the surest share of pictures.
"""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from xray_platform.evaluation.bootstrap import Metric, measure
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.metrics import Numbers, Predictions

KEPT = (1.0, 0.95, 0.9, 0.8, 0.7, 0.5)
MEASURED = ("accuracy", "sensitivity", "specificity")


class SelectivePoint(BaseModel):
    """The surest share of the validation part is `wanted`; the same sureness keeps `kept` of the test pictures."""

    model_config = ConfigDict(frozen=True)

    wanted: float
    kept: float
    pictures: int
    metrics: dict[str, Metric]


class RiskCoverage(BaseModel):
    """Share of wrong verdicts (`risk`) among the surest `coverage` of the test pictures, and the mean risk (`area`).

    points: a reject option chosen on the validation part. With `reason`, nothing could be computed, and why.
    """

    model_config = ConfigDict(frozen=True)

    reason: str = ""
    coverage: tuple[float, ...] = ()
    risk: tuple[float, ...] = ()
    area: float | None = None
    points: tuple[SelectivePoint, ...] = ()


def risk_coverage(evaluation: Evaluation) -> RiskCoverage:
    """Return the curve of the test part, and the figures of a reject option that the validation part chose."""
    val, test = evaluation.predictions("val"), evaluation.predictions("test")
    if not len(test):
        return RiskCoverage(reason="the test part holds no pictures")
    if not evaluation.calibration.calibrated:
        return RiskCoverage(reason="probabilities are not calibrated, so nothing says how sure a verdict is")
    sure_val, sure_test = (sureness(evaluation, part) for part in (val, test))
    coverage, risk = curve(sure_test, test.predicted != test.labels)
    subjects = evaluation.part("test")["subject"].to_numpy(object)
    points = []
    for wanted in KEPT:
        kept = sure_test >= (np.quantile(sure_val, 1 - wanted, method="inverted_cdf") if wanted < 1 else -np.inf)
        chosen = Predictions(test.score[kept], test.labels[kept], test.predicted[kept], None)
        found = measure(chosen, subjects[kept], evaluation.settings.draws, MEASURED)
        points.append(SelectivePoint(wanted=wanted, kept=float(kept.mean()), pictures=int(kept.sum()), metrics=found))
    return RiskCoverage(
        coverage=tuple(coverage.tolist()), risk=tuple(risk.tolist()), area=float(risk.mean()), points=tuple(points)
    )


def sureness(evaluation: Evaluation, part: Predictions) -> Numbers:
    """Return how far each probability lies from the one at the threshold, on the side of its verdict, (N,)."""
    middle = evaluation.calibration.probability(np.array([evaluation.threshold.value]))[0]
    probability = evaluation.calibration.probability(part.score)
    return np.asarray(np.where(part.predicted, probability - middle, middle - probability), np.float64)


def curve(sure: Numbers, wrong: NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
    """Return coverage and risk, (N,) each, from the surest picture on; of equally sure ones the mean counts."""
    _, place, number = np.unique(-sure, return_inverse=True, return_counts=True)
    errors = np.bincount(place, wrong) / number
    each = np.repeat(errors, number)
    done = np.arange(1, len(sure) + 1)
    return done / len(sure), np.cumsum(each) / done
