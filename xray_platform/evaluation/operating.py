"""Operating points: what other thresholds, chosen on the validation part as well, would give on the test part."""

from dataclasses import dataclass

import numpy as np

from xray_platform.evaluation.bootstrap import Metric, measure
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.metrics import Predictions
from xray_platform.evaluation.threshold import Rule, Threshold, ThresholdSettings, choose_threshold
from xray_platform.evaluation.wording import percent

SHOWN = ("sensitivity", "specificity", "ppv", "npv", "balanced_accuracy", "mcc")
OFFERED = (
    ThresholdSettings(rule="sensitivity", target=0.95),
    ThresholdSettings(rule="youden"),
    ThresholdSettings(rule="specificity", target=0.95),
)


@dataclass(frozen=True)
class OperatingPoint:
    """One threshold and its figures on the test part; `chosen` marks the one that the model uses."""

    title: str
    threshold: Threshold
    chosen: bool
    metrics: dict[str, Metric]


def operating_points(evaluation: Evaluation) -> list[OperatingPoint]:
    """Return the chosen threshold and those that the other rules would have chosen.

    Rules that fall back to another one, because the validation part lacks a class, are left out.
    """
    val, test = evaluation.predictions("val"), evaluation.predictions("test")
    subjects = evaluation.part("test")["subject"].to_numpy(object)
    points: dict[str, OperatingPoint] = {}
    own = evaluation.settings.threshold
    by_cost = ThresholdSettings(rule="cost", cost=own.cost)
    for settings in (own, *OFFERED, by_cost):
        threshold = choose_threshold(val.score, val.labels, settings)
        title = _title(threshold.rule, settings)
        chosen = not points
        if title in points or not (chosen or threshold.rule == settings.rule):
            continue
        predictions = Predictions(test.score, test.labels, np.asarray(threshold.predict(test.score)), None)
        found = measure(predictions, subjects, evaluation.settings.draws, SHOWN)
        points[title] = OperatingPoint(title, threshold, chosen, found)
    return list(points.values())


def _title(rule: Rule, settings: ThresholdSettings) -> str:
    if rule == "youden":
        return "Largest sum of both (Youden)"
    if rule == "conformal":
        return f"Specificity of {percent(settings.target)} promised for pictures to come (conformal)"
    if rule == "cost":
        return f"Least cost, a missed finding weighing {settings.cost:g} false alarms"
    return f"{rule.capitalize()} of {percent(settings.target)} or more on validation"
