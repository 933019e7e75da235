"""Class evaluation: a model of several classes, judged by class, beside what it says of normal and abnormal."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from xray_platform.errors import InputError
from xray_platform.evaluation.bootstrap import Draws
from xray_platform.evaluation.calibration import Method
from xray_platform.evaluation.class_calibration import fit_class_calibration
from xray_platform.evaluation.class_judgement import ClassJudgement
from xray_platform.evaluation.class_metrics import ClassMetrics, measure_classes
from xray_platform.evaluation.class_outputs import ClassOutputs, ClassPredictions, present_classes
from xray_platform.evaluation.threshold import Threshold, ThresholdSettings, choose_threshold

MEASURED = ("val", "test")
_PLAIN = re.compile(r"[^\w .-]")


class ClassEvaluation(BaseModel):
    """A model of several classes, judged: `metrics` by part (`val`, `test`); intervals for the test part."""

    model_config = ConfigDict(frozen=True)

    judgement: ClassJudgement
    metrics: dict[str, ClassMetrics]

    @property
    def classes(self) -> tuple[str, ...]:
        return self.judgement.classes

    def figures(self) -> Iterator[tuple[str, float | None]]:
        """Yield every figure by name: `test/macro/auroc`, `test/class virus/auroc`, …: what a tracker logs."""
        for split, measured in self.metrics.items():
            groups = {"macro": measured.macro, "micro": measured.micro, "classes": measured.overall}
            groups |= {f"class {_PLAIN.sub('_', name)}": metrics for name, metrics in measured.each.items()}
            for group, metrics in groups.items():
                for name, metric in metrics.items():
                    yield f"{split}/{group}/{name}", metric.value


@dataclass(frozen=True)
class JudgedClasses:
    """A class evaluation, and its rows: model, image, subject, split, class, present, score, probability."""

    evaluation: ClassEvaluation
    rows: pd.DataFrame


def judge_classes(
    rows: pd.DataFrame,
    outputs: ClassOutputs,
    *,
    calibrated: bool,
    threshold: ThresholdSettings,
    calibration: Method,
    draws: Draws,
) -> JudgedClasses:
    """Judge outputs for the pictures of `rows`: model, image, subject, split, findings, probability (of abnormal).

    Calibration and thresholds see the validation part alone; `calibrated` says whether `probability` is. Raises
    InputError where outputs and rows differ in number, or the first class is not normal.
    """
    _check(rows, outputs)
    present = present_classes([str(text) for text in rows["findings"]], outputs.classes)
    val = (rows["split"] == "val").to_numpy(bool)
    learnt = fit_class_calibration(
        ClassOutputs(outputs.target, outputs.classes, outputs.logits[val]),
        present[val],
        calibration,
        calibrated=calibrated,
    )
    probability = learnt.probability(outputs.logits, rows["probability"].to_numpy(np.float64))
    limits: dict[str, Threshold] = {}
    if outputs.target == "findings":
        limits = {
            name: choose_threshold(probability[val, place], present[val, place], threshold)
            for place, name in enumerate(outputs.classes)
        }
    judgement = ClassJudgement(calibration=learnt, thresholds=limits)
    whole = ClassPredictions(
        outputs.classes, present, probability, judgement.named(probability), calibrated=learnt.calibrated
    )
    metrics = {}
    for split in MEASURED:
        chosen = (rows["split"] == split).to_numpy(bool)
        drawn = draws if split == "test" else replace(draws, resamples=0)
        metrics[split] = measure_classes(whole.part(chosen), rows.loc[chosen, "subject"].to_numpy(object), drawn)
    return JudgedClasses(ClassEvaluation(judgement=judgement, metrics=metrics), _long(rows, outputs, whole))


def _check(rows: pd.DataFrame, outputs: ClassOutputs) -> None:
    if outputs.logits.shape != (len(rows), len(outputs.classes)):
        raise InputError(
            f"outputs of shape {outputs.logits.shape} for {len(rows)} pictures and {len(outputs.classes)} classes"
        )
    if len(outputs.classes) < 2 or outputs.classes[0] != "normal":
        raise InputError(f"classes {', '.join(outputs.classes) or 'none'}; normal comes first, with one more at least")


def _long(rows: pd.DataFrame, outputs: ClassOutputs, whole: ClassPredictions) -> pd.DataFrame:
    many = len(outputs.classes)
    repeated = rows[["model", "image", "subject", "split"]].loc[rows.index.repeat(many)].reset_index(drop=True)
    repeated["class"] = list(outputs.classes) * len(rows)
    repeated["present"] = whole.present.ravel()
    repeated["score"] = outputs.logits.ravel()
    repeated["probability"] = whole.probability.ravel()
    return repeated
