"""Paired models: each model of the leaderboard beside one of them, on the same test pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from xray_platform.evaluation.bootstrap import Metric
from xray_platform.evaluation.delong import compare_aurocs, delong_interval
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.mcnemar import McNemar, mcnemar

OTHER_PICTURES = "they were not judged on the same test pictures"
NO_PICTURES = "the test part holds no pictures"


@dataclass(frozen=True)
class PairedModel:
    """A model's test AUROC with its intervals by draws and by DeLong, and how it differs from the reference.

    difference: this model less the reference, by paired DeLong; p: of it; adjusted: p by Holm over all that are
    compared. verdicts: McNemar at both frozen thresholds. All None for the reference itself, and with `reason`.
    """

    model: str
    reference: bool
    drawn: Metric
    delong: Metric
    difference: Metric | None = None
    p: float | None = None
    adjusted: float | None = None
    verdicts: McNemar | None = None
    reason: str = ""


def pair_models(evaluations: Sequence[Evaluation], reference: str) -> tuple[PairedModel, ...]:
    """Compare every model with the one called `reference`, in the order in which they come; nothing without it."""
    against = next((one for one in evaluations if one.model == reference), None)
    if against is None:
        return ()
    found = [_pair(one, against) for one in evaluations]
    adjusted = holm([one.p for one in found])
    return tuple(replace(one, adjusted=p) for one, p in zip(found, adjusted, strict=True))


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Return p-values so that the chance of any false alarm among them stays what it says (Holm 1979); None stays."""
    order = sorted((p, place) for place, p in enumerate(values) if p is not None)
    adjusted: list[float | None] = [None] * len(values)
    highest = 0.0
    for done, (p, place) in enumerate(order):
        highest = max(highest, min(p * (len(order) - done), 1.0))
        adjusted[place] = highest
    return adjusted


def _pair(one: Evaluation, against: Evaluation) -> PairedModel:
    rows, confidence = one.part("test").sort_values("image"), one.settings.confidence
    labels, subjects = rows["abnormal"].to_numpy(bool), rows["subject"].to_numpy(object)
    score = rows["score"].to_numpy(np.float64)
    alone = PairedModel(
        one.model,
        one.model == against.model,
        one.metrics["test"]["auroc"],
        delong_interval(score, labels, subjects, confidence),
    )
    if alone.reference:
        return alone
    other = against.part("test").sort_values("image")
    same = [list(zip(part["image"], part["abnormal"].astype(bool), strict=True)) for part in (rows, other)]
    if same[0] != same[1]:
        return replace(alone, reason=OTHER_PICTURES)
    if not len(rows):
        return replace(alone, reason=NO_PICTURES)
    areas = compare_aurocs(score, other["score"].to_numpy(np.float64), labels, subjects, confidence)
    called = [(part["verdict"] == "abnormal").to_numpy(bool) for part in (rows, other)]
    verdicts = mcnemar(called[0], called[1], labels)
    return replace(alone, difference=areas.difference, p=areas.p, verdicts=verdicts, reason=areas.difference.reason)
