"""Threshold: the score from which on a picture is called abnormal, chosen on the validation part alone."""

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from xray_platform.errors import DataError
from xray_platform.evaluation.blurred_youden import blurred_youden, spread_within
from xray_platform.evaluation.conformal import Groups, conformal_cut, fewest_normals, groups_with_a_say
from xray_platform.evaluation.metrics import Flags, Numbers
from xray_platform.evaluation.wording import count, figure, percent
from xray_platform.settings import Settings

Rule = Literal["youden", "sensitivity", "specificity", "conformal", "cost"]
ONE_CLASS: tuple[Rule, ...] = ("specificity", "conformal")
"""Rules that look at normal pictures alone."""


class ThresholdSettings(Settings):
    """How the threshold is chosen."""

    rule: Rule = Field(
        "youden",
        description="youden: sensitivity + specificity is largest; sensitivity or specificity: keep it at the target; "
        "conformal: keep the specificity at the target for pictures to come, with a guarantee; "
        "cost: missed findings and false alarms together cost least",
    )
    target: float = Field(0.95, gt=0, lt=1, description="share that sensitivity or specificity must reach")
    cost: float = Field(
        10.0, gt=0, le=10_000, description="false alarms that weigh as much as one missed finding (rule cost)"
    )
    blur: float = Field(
        0.0, ge=0, le=5, description="how far scores are thought to shift (youden), in deviations within a class"
    )


class Threshold(BaseModel):
    """A score, and where it came from. A score at or above `value` is called abnormal.

    `rule` is the rule that was used in the end, `sensitivity` and `specificity` what it gave on the validation part
    (None where that class is missing), `explanation` the same in words.
    """

    model_config = ConfigDict(frozen=True)

    value: float
    rule: Rule
    sensitivity: float | None
    specificity: float | None
    abnormal: int
    normal: int
    explanation: str

    def predict(self, score: Numbers) -> Flags:
        """Return which scores are called abnormal, bool (N,)."""
        return np.asarray(score, dtype=np.float64) >= self.value


def choose_threshold(
    score: Numbers,
    labels: Flags,
    settings: ThresholdSettings = ThresholdSettings(),
    groups: Groups | None = None,
) -> Threshold:
    """Choose a threshold from the scores (N,), finite, and labels (N,) of the validation part.

    Cuts lie half-way between neighbouring scores. Where a class is missing the rule falls back: without abnormal
    pictures the specificity among the normals is held at the target, without normal ones the sensitivity.
    With `groups` (N,), such as devices or deliveries, `specificity` and `conformal` hold in each that is large enough:
    the highest of their cuts is taken. Raises DataError where there are no pictures at all.
    """
    score, labels = np.asarray(score, dtype=np.float64), np.asarray(labels, dtype=bool)
    if not len(score):
        raise DataError("no threshold can be chosen: the validation part is empty; at least one picture is needed")
    rule, normal = _possible(settings.rule, labels), ~labels
    value, worst = _cut(score, labels, rule, settings), ""
    if groups is not None and rule in ONE_CLASS:
        for name in groups_with_a_say(groups[normal]):
            inside = normal & (groups.astype(str) == name)
            own = _cut(score[inside], labels[inside], rule, settings)
            value, worst = (own, name) if own > value else (value, worst)
    called, abnormal = score >= value, int(labels.sum())
    reached = (
        float(called[labels].mean()) if abnormal else None,
        float((~called[normal]).mean()) if normal.any() else None,
    )
    return Threshold(
        value=value,
        rule=rule,
        sensitivity=reached[0],
        specificity=reached[1],
        abnormal=abnormal,
        normal=int(normal.sum()),
        explanation=_explain(rule, settings, reached, abnormal, int(normal.sum()), worst),
    )


def _possible(rule: Rule, labels: Flags) -> Rule:
    if not labels.any():
        return rule if rule in ONE_CLASS else "specificity"
    return "sensitivity" if labels.all() else rule


def _cut(score: Numbers, labels: Flags, rule: Rule, settings: ThresholdSettings) -> float:
    if rule == "conformal":
        return conformal_cut(score[~labels], settings.target)
    cuts, margins = _cuts(score)
    width = settings.blur * spread_within(score, labels) if rule == "youden" and settings.blur else 0.0
    if width > 0:
        return float(cuts[blurred_youden(score, labels, cuts, width)])
    sensitivity, specificity = _share_from(score[labels], cuts), 1 - _share_from(score[~labels], cuts)
    if rule == "cost":
        missed, alarms = (1 - sensitivity) * labels.sum(), (1 - specificity) * (~labels).sum()
        paid = np.round(settings.cost * missed + alarms, 9)
        return float(cuts[np.lexsort((margins, -paid))[-1]])
    return float(cuts[_best(rule, settings.target, sensitivity, specificity, margins)])


def _cuts(score: Numbers) -> tuple[Numbers, Numbers]:
    """Return all cuts that part the scores differently, rising, and how wide the gap around each is."""
    levels = np.unique(score)
    between = (levels[:-1] + levels[1:]) / 2
    between = np.where(between > levels[:-1], between, levels[1:])  # neighbours in floating point have no middle
    cuts = np.concatenate([levels[:1], between, [np.nextafter(levels[-1], np.inf)]])
    return cuts, np.concatenate([[0.0], np.diff(levels), [0.0]])


def _share_from(score: Numbers, cuts: Numbers) -> Numbers:
    """Return the share of the scores at or above each cut; 0 where there are no scores."""
    return 1 - np.searchsorted(np.sort(score), cuts, side="left") / max(len(score), 1)


def _best(rule: Rule, target: float, sensitivity: Numbers, specificity: Numbers, margins: Numbers) -> int:
    """Return which cut the rule wants; among equals the one with most room, or the best other share."""
    if rule == "youden":
        return int(np.lexsort((margins, np.round(sensitivity + specificity, 12)))[-1])
    if rule == "sensitivity":
        return int(np.flatnonzero(sensitivity >= target - 1e-12)[-1])
    return int(np.flatnonzero(specificity >= target - 1e-12)[0])


def _explain(
    rule: Rule,
    settings: ThresholdSettings,
    reached: tuple[float | None, float | None],
    abnormal: int,
    normal: int,
    worst: str,
) -> str:
    asked = {
        "youden": "the cut with the largest sum of sensitivity and specificity (Youden's J)" + _blurred(settings.blur),
        "sensitivity": f"the highest cut that keeps the sensitivity at {percent(settings.target)} or more",
        "specificity": f"the lowest cut that keeps the specificity at {percent(settings.target)} or more",
        "conformal": _promise(settings.target, normal),
        "cost": f"the cut at which missed findings, each weighing as much as {settings.cost:g} false alarms, and false "
        "alarms cost least, at the share of abnormal pictures there",
    }[rule]
    if worst:
        asked += f", in each large group of pictures by itself; the highest, of {worst}, is taken"
    parts = ["sensitivity", "specificity"]
    gave = " and ".join(
        f"a {part} of {figure(share)}" for part, share in zip(parts, reached, strict=True) if share is not None
    )
    whom = f"{count(abnormal, 'abnormal', 'abnormal')} and {count(normal, 'normal picture')}"
    fell = "" if rule == settings.rule else f" The rule asked for, {settings.rule}, needs both classes."
    return f"Chosen on the validation part alone, {whom}: {asked}. There it gives {gave}.{fell}"


def _promise(target: float, normal: int) -> str:
    fewest = fewest_normals(target)
    if normal < fewest:
        return (
            f"above all normal pictures, since it takes {fewest} of them to promise a specificity of {percent(target)}"
        )
    return (
        "the lowest cut at or above which a normal picture to come, if it is of their kind, scores with a probability "
        f"of at most {percent(1 - target)} (conformal)"
    )


def _blurred(blur: float) -> str:
    return (
        f", each score blurred by {blur:g} deviations of its class, since scores shift from archive to archive"
        if blur
        else ""
    )
