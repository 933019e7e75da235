"""Operating points: what other thresholds, chosen on the validation part as well, would give on the test part."""

from dataclasses import dataclass

import numpy as np

from xray_platform.evaluation.bootstrap import Metric, measure
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.metrics import Judged
from xray_platform.evaluation.threshold import Threshold, ThresholdSettings, choose_threshold
from xray_platform.evaluation.wording import percent

SHOWN = ("sensitivity", "specificity", "ppv", "npv")
OFFERED = (
    ThresholdSettings(rule="sensitivity", target=0.95),
    ThresholdSettings(rule="youden"),
    ThresholdSettings(rule="specificity", target=0.95),
)


@dataclass(frozen=True)
class OperatingPoint:
    """One threshold and its figures on the test part; `chosen` marks the one that the model's verdicts use."""

    title: str
    threshold: Threshold
    chosen: bool
    metrics: dict[str, Metric]


def operating_points(evaluation: Evaluation) -> list[OperatingPoint]:
    """Return the chosen threshold and those that the other rules would have chosen.

    Rules that fall back to another one, because the validation part lacks a class, are left out.
    """
    val, test = evaluation.judged("val"), evaluation.judged("test")
    subjects = evaluation.part("test")["subject"].to_numpy(object)
    points = []
    for settings in dict.fromkeys([evaluation.settings.threshold, *OFFERED]):
        threshold = choose_threshold(val.score, val.truth, settings)
        chosen = settings == evaluation.settings.threshold
        if chosen or (threshold.rule == settings.rule and not _same_rule(settings, evaluation.settings.threshold)):
            judged = Judged(test.score, test.truth, np.asarray(threshold.verdicts(test.score)), None)
            found = measure(judged, subjects, evaluation.settings.draws, SHOWN)
            title = _title(ThresholdSettings(rule=threshold.rule, target=settings.target))
            points.append(OperatingPoint(title, threshold, chosen, found))
    return points


def _same_rule(one: ThresholdSettings, other: ThresholdSettings) -> bool:
    """Say whether two settings ask for the same; Youden's rule has no target."""
    return one == other or one.rule == other.rule == "youden"


def _title(settings: ThresholdSettings) -> str:
    asked = f"{settings.rule.capitalize()} of {percent(settings.target)} or more on validation"
    return "Largest sum of both (Youden)" if settings.rule == "youden" else asked
