"""Said: the scores of a detector, or of several together, and what they are worth against a promise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xray_platform.evaluation.map_in_boxes import pixel_ap
from xray_platform.evaluation.metrics import auroc
from xray_platform.evaluation.threshold import Rule, ThresholdSettings, choose_threshold
from xray_platform.image_stack import Scores

PROMISED = 0.05  # share of normal images that may be called abnormal
Row = dict[str, float | int | str]


@dataclass(frozen=True)
class Said:
    """Scores: of normal validation images, which the threshold comes from, and of other images by what they are."""

    reference: Scores
    of: Mapping[str, Scores]

    def alarms(self, name: str, rule: Rule = "specificity", groups: NDArray[np.str_] | None = None) -> float:
        """Return the share of these images that lies at or above the threshold; with groups, the worst group's."""
        chosen = ThresholdSettings(rule=rule, target=1 - PROMISED)
        by = None if groups is None else groups.astype(object)
        cut = choose_threshold(self.reference, np.zeros(len(self.reference), bool), chosen, by).value
        return float(np.mean(self.of[name] >= cut))

    def auroc(self, normal: str, abnormal: str = "abnormal") -> float:
        """Return how well these two are told apart."""
        return auroc_of(self.of[normal], self.of[abnormal])

    def held_out(self, name: str) -> Row:
        """Return figures of `normal`, `abnormal` and `squeezed`: subjects that were held out."""
        return {
            f"{name}, held-out subjects, auroc": self.auroc("normal"),
            f"{name}, held-out subjects, ap": ap_of(self.of["normal"], self.of["abnormal"]),
            f"{name}, held-out subjects, false alarms of 0.05 promised, share": self.alarms("normal"),
            f"{name}, held-out subjects, sensitivity at that, share": self.alarms("abnormal"),
            f"{name}, squeezed normals, auroc": self.auroc("squeezed"),
            f"{name}, squeezed normals, false alarms of 0.05 promised, share": self.alarms("squeezed"),
        }

    def other_family(self, name: str, chosen: str) -> Row:
        """Return figures of `normal`, all of other families than the one `chosen` to learn from, and `abnormal`."""
        return {
            f"{name}, learnt from {chosen} alone, auroc": self.auroc("normal"),
            f"{name}, learnt from {chosen} alone, false alarms of 0.05 promised, share": self.alarms("normal"),
            f"{name}, learnt from {chosen} alone, conformal false alarms of 0.05 promised, share": self.alarms(
                "normal", "conformal"
            ),
        }

    def validated_on_several(self, name: str, chosen: str, families: NDArray[np.str_]) -> Row:
        """Return what a threshold keeps of its promise where validation has the unseen family as well.

        The threshold is that of all validation images together, or that of the family that asks for the highest.
        """
        title = f"{name}, learnt from {chosen} alone, validated on all families"
        return {
            f"{title}, {way} threshold, {what}, share": self.alarms(which, groups=groups)
            for way, groups in (("common", None), ("worst family's", families))
            for what, which in (("false alarms of 0.05 promised", "normal"), ("sensitivity", "abnormal"))
        }


def together(parts: Sequence[Said]) -> Said:
    """Return what several say on average, in deviations of the normal validation images."""
    centres = [(part.reference.mean(), part.reference.std(ddof=1)) for part in parts]

    def mean(scores: Sequence[Scores]) -> Scores:
        apart = [(score - at) / by for score, (at, by) in zip(scores, centres, strict=True)]
        return np.asarray(np.mean(apart, axis=0), np.float64)

    return Said(mean([p.reference for p in parts]), {name: mean([p.of[name] for p in parts]) for name in parts[0].of})


def auroc_of(normal: Scores, abnormal: Scores) -> float:
    """Return the area under the ROC curve; not a number where one of them is empty."""
    value = auroc(*_joined(normal, abnormal))
    return float("nan") if value is None else value


def ap_of(normal: Scores, abnormal: Scores) -> float:
    """Return the average precision."""
    score, labels = _joined(normal, abnormal)
    return pixel_ap(score.astype(np.float32), labels)


def _joined(normal: Scores, abnormal: Scores) -> tuple[Scores, NDArray[np.bool_]]:
    return np.concatenate([normal, abnormal]), np.arange(len(normal) + len(abnormal)) >= len(normal)
