"""Prevalence: what a verdict would mean among patients of whom more, or fewer, are ill than in the test part."""

from dataclasses import dataclass

from xray_platform.evaluation.bootstrap import Metric

PREVALENCES = (0.01, 0.05, 0.1, 0.25, 0.5)
NO_PAIR = "sensitivity or specificity is undefined"
NONE_CALLED = "no picture would be called so"


@dataclass(frozen=True)
class AtPrevalence:
    """Predictive values where a share `prevalence` of the pictures is abnormal."""

    prevalence: float
    ppv: Metric
    npv: Metric


def at_prevalences(sensitivity: Metric, specificity: Metric) -> list[AtPrevalence]:
    """Return both predictive values at each prevalence, by Bayes' rule.

    Their intervals reach from what both lower ends of the two intervals give to what both upper ends give: wider than
    need be, and there even where no error was made.
    """
    return [
        AtPrevalence(share, *(_value(name, sensitivity, specificity, share) for name in ("ppv", "npv")))
        for share in PREVALENCES
    ]


def predictive_value(name: str, sensitivity: float, specificity: float, prevalence: float) -> float | None:
    """Return the positive (`ppv`) or negative predictive value; None where no picture would be called so."""
    ill, well = prevalence, 1 - prevalence
    right = sensitivity * ill if name == "ppv" else specificity * well
    wrong = (1 - specificity) * well if name == "ppv" else (1 - sensitivity) * ill
    return right / (right + wrong) if right + wrong > 0 else None


def _value(name: str, sensitivity: Metric, specificity: Metric, prevalence: float) -> Metric:
    if sensitivity.value is None or specificity.value is None:
        return Metric(name=name, value=None, reason=NO_PAIR)
    value = predictive_value(name, sensitivity.value, specificity.value, prevalence)
    if value is None:
        return Metric(name=name, value=None, reason=NONE_CALLED)
    if sensitivity.low is None or specificity.low is None or sensitivity.high is None or specificity.high is None:
        return Metric(name=name, value=value, reason="no interval: sensitivity or specificity has none")
    low = predictive_value(name, sensitivity.low, specificity.low, prevalence)
    high = predictive_value(name, sensitivity.high, specificity.high, prevalence)
    return Metric(name=name, value=value, low=low, high=high, method="ends of both intervals")
