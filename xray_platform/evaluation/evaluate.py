"""Evaluate: from scores to a threshold, probabilities, predictions, and how good they are on each part of the data."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from xray_platform.errors import DataError, InputError
from xray_platform.evaluation.bootstrap import Draws, Metric, measure
from xray_platform.evaluation.calibration import Calibration, Method, fit_calibration
from xray_platform.evaluation.class_evaluation import ClassEvaluation, judge_classes
from xray_platform.evaluation.class_outputs import ClassOutputs
from xray_platform.evaluation.conformal import Groups
from xray_platform.evaluation.metrics import Predictions
from xray_platform.evaluation.robustness import Robustness
from xray_platform.evaluation.subgroups import TITLES, Subgroups, subgroup_figures, subgroups
from xray_platform.evaluation.threshold import Rule, Threshold, ThresholdSettings, choose_threshold
from xray_platform.settings import Settings
from xray_platform.tables.all import SCORES

SPLITS = ("train", "val", "test")
SPLIT_TITLES = {"train": "Training", "val": "Validation", "test": "Test"}
Corruptions = Literal["none", "3", "1,3,5", "1,2,3,4,5"]
NEEDED = ("image", "subject", "split", "abnormal", "score")


class EvaluationSettings(Settings):
    """How a model is evaluated."""

    threshold_rule: Rule = Field("youden", description="what the threshold is chosen for, on the validation part")
    threshold_target: float = Field(0.95, gt=0, lt=1, description="share that sensitivity or specificity must reach")
    threshold_cost: float = Field(
        10.0, gt=0, le=10_000, description="false alarms that weigh as much as one missed finding (rule cost)"
    )
    threshold_blur: float = Field(
        0.4,
        ge=0,
        le=5,
        description="how far scores may shift from archive to archive, in deviations within a class: the youden "
        "threshold keeps away from where many scores lie; 0: no farther than the validation part asks for",
    )
    threshold_groups: Literal["none", "batch"] = Field(
        "none",
        description="batch: rules of normal pictures alone hold in each large batch by itself, so that a delivery "
        "that differs raises no more false alarms than promised",
    )
    mask_target: float = Field(
        0.95,
        gt=0,
        lt=1,
        description="share of the pixels of normal validation pictures that lies below the threshold of masks",
    )
    calibration: Method = Field("platt", description="how scores become probabilities, on the validation part")
    resamples: int = Field(2000, ge=0, le=100_000, description="draws of subjects behind each interval")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="share of the draws that an interval holds")
    corruption_severities: Corruptions = Field(
        "1,2,3,4,5", description="severities, from 1 to 5, of noise, blur, contrast, JPEG, rotation and a missing disc"
    )
    corruption_pictures: int = Field(
        100, ge=0, le=2000, description="test pictures, drawn by chance, that are corrupted and scored again; 0: none"
    )
    calibration_bins: int = Field(10, ge=2, le=100, description="bins of equal width of the calibration error")
    seed: int = Field(0, ge=0, description="seed of the draws; the same for all models, so that they can be compared")

    @property
    def threshold(self) -> ThresholdSettings:
        """The part of the settings that choosing a threshold needs."""
        return ThresholdSettings(
            rule=self.threshold_rule,
            target=self.threshold_target,
            cost=self.threshold_cost,
            blur=self.threshold_blur,
        )

    @property
    def corruption_levels(self) -> tuple[int, ...]:
        """The severities of corruption that are tried."""
        return () if self.corruption_severities == "none" else tuple(map(int, self.corruption_severities.split(",")))

    @property
    def draws(self) -> Draws:
        """The part of the settings that intervals need."""
        return Draws(self.resamples, self.confidence, self.calibration_bins, self.seed)


class OneClassEvaluationSettings(EvaluationSettings):
    """How a model that learnt from normal pictures alone is evaluated: its threshold needs no abnormal ones either."""

    threshold_rule: Rule = Field(
        "specificity",
        description="what the threshold is chosen for, on the validation part; the 95th percentile of "
        "its normal pictures unless told otherwise",
    )


@dataclass(frozen=True)
class Evaluation:
    """One model, evaluated.

    metrics: by part (`train`, `val`, `test`), then by name; a part is there even where it is empty.
    rows: the table SCORES, one row a picture, in the order in which the scores came.
    classes: of a model that knows several classes, how good it is at each; `class_rows`: model, image, subject, split,
        class, present, score and probability, one row a picture and class, without any where it knows two.
    robustness: what corruptions of the pictures do to it; None where nobody tried.
    subgroups: how good it is in each group of the test part, by the facts that came with the scores.
    ms_per_picture: how long scoring one picture took, reading it included; None where nobody measured.
    spreads: rows of the table SPREADS, how far what it might have said of test pictures goes apart; without any where
        nobody asked.
    """

    model: str
    settings: EvaluationSettings
    threshold: Threshold
    calibration: Calibration
    metrics: dict[str, dict[str, Metric]]
    rows: pd.DataFrame
    classes: ClassEvaluation | None = None
    robustness: Robustness | None = None
    subgroups: tuple[Subgroups, ...] = ()
    class_rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    spreads: pd.DataFrame = field(default_factory=pd.DataFrame)
    ms_per_picture: float | None = None

    def value(self, name: str, split: str = "test") -> float | None:
        """Return a figure of one part, None where it is undefined."""
        return self.metrics[split][name].value

    def part(self, split: str) -> pd.DataFrame:
        """Return the rows of one part."""
        return self.rows[self.rows["split"] == split]

    def predictions(self, split: str) -> Predictions:
        """Return one part as arrays; without probabilities where they are not calibrated."""
        return _predictions(self.part(split), self.calibration)

    def figures(self) -> dict[str, float]:
        """Return every defined figure, by part: `test/auroc`, `test/interval/auroc_low`, …: what a tracker logs."""
        flat: dict[str, float | None] = {}
        for split, metrics in self.metrics.items():
            for name, metric in metrics.items():
                flat[f"{split}/{name}"] = metric.value
                flat[f"{split}/interval/{name}_low"] = metric.low
                flat[f"{split}/interval/{name}_high"] = metric.high
        if self.classes:
            flat.update(self.classes.figures())
        if self.robustness:
            flat.update(self.robustness.figures())
        flat.update(subgroup_figures(self.subgroups))
        return {name: value for name, value in flat.items() if value is not None}

    def dump(self) -> dict[str, Any]:
        """Return all but the rows as plain JSON values."""
        return {
            "model": self.model,
            "settings": self.settings.model_dump(mode="json"),
            "threshold": self.threshold.model_dump(mode="json"),
            "calibration": self.calibration.model_dump(mode="json"),
            "counts": {split: counts(self.part(split)) for split in SPLITS},
            "metrics": {
                split: {name: metric.model_dump(mode="json") for name, metric in metrics.items()}
                for split, metrics in self.metrics.items()
            },
            "classes": self.classes.model_dump(mode="json") if self.classes else None,
            "robustness": self.robustness.model_dump(mode="json") if self.robustness else None,
            "subgroups": [one.model_dump(mode="json") for one in self.subgroups],
            "ms_per_picture": self.ms_per_picture,
        }


def evaluate(
    scores: pd.DataFrame,
    settings: EvaluationSettings = EvaluationSettings(),
    *,
    model: str = "model",
    outputs: ClassOutputs | None = None,
) -> Evaluation:
    """Evaluate a model by its scores.

    scores: one row a picture with `image`, `subject`, `split` (train, val, test), `abnormal` (true or false) and
    `score` (finite, higher is more abnormal); of other columns those that name groups (origin, device, view, sex, age,
    batch) are evaluated apart. Threshold and calibration see the validation
    part alone. Intervals are given for validation and test; the training part is there to show overfitting only.
    `outputs` are what a model of several classes says of each of them, row by row; then `scores` needs `findings` too.
    Raises InputError for missing columns or unknown splits, DataError for scores that are not finite or no validation.
    """
    rows = _checked(scores, model)
    val = rows["split"] == "val"
    score = rows["score"].to_numpy(np.float64)
    labels = rows["abnormal"].to_numpy(bool)
    groups = _groups(scores, settings, model)
    threshold = choose_threshold(score[val], labels[val], settings.threshold, None if groups is None else groups[val])
    calibration = fit_calibration(score[val], labels[val], settings.calibration, threshold=threshold.value)
    rows["probability"] = calibration.probability(score)
    rows["verdict"] = np.where(threshold.predict(score), "abnormal", "normal")
    rows = SCORES.typed(rows)
    metrics = {split: _measure(rows[rows["split"] == split], split, calibration, settings) for split in SPLITS}
    known = {fact: scores[fact] for fact in TITLES if fact in scores}
    apart = subgroups(rows.assign(**known), settings.draws)
    if outputs is None:
        return Evaluation(model, settings, threshold, calibration, metrics, rows, subgroups=apart)
    judged = judge_classes(
        rows.assign(findings=scores["findings"].to_numpy()),
        outputs,
        calibrated=calibration.calibrated,
        threshold=settings.threshold.model_copy(update={"blur": 0.0}),  # probabilities end at 0 and 1
        calibration=settings.calibration,
        draws=settings.draws,
    )
    found = Evaluation(model, settings, threshold, calibration, metrics, rows, judged.evaluation, subgroups=apart)
    return replace(found, class_rows=judged.rows)


def counts(rows: pd.DataFrame) -> dict[str, int]:
    """Return how many pictures and subjects these rows hold, by class."""
    abnormal = rows["abnormal"].astype(bool)
    return {
        "pictures": len(rows),
        "normal": int((~abnormal).sum()),
        "abnormal": int(abnormal.sum()),
        "subjects": int(rows["subject"].nunique()),
        "subjects_normal": int(rows.loc[~abnormal, "subject"].nunique()),
        "subjects_abnormal": int(rows.loc[abnormal, "subject"].nunique()),
    }


def _checked(scores: pd.DataFrame, model: str) -> pd.DataFrame:
    missing = [name for name in NEEDED if name not in scores.columns]
    if missing:
        raise InputError(f"the scores of {model} lack the columns {', '.join(missing)}; needed are {', '.join(NEEDED)}")
    rows = scores[list(NEEDED)].copy().assign(model=model)
    unknown = sorted(set(rows["split"].astype(str)) - set(SPLITS))
    if unknown:
        raise InputError(
            f"unknown split {', '.join(unknown[:3])} in the scores of {model}; allowed: {', '.join(SPLITS)}"
        )
    if rows["abnormal"].isna().any():
        raise DataError(f"{int(rows['abnormal'].isna().sum())} scores of {model} have no label; allowed: true or false")
    rows["score"] = rows["score"].astype(np.float64)
    rows["abnormal"] = rows["abnormal"].astype(bool)
    strange = int((~np.isfinite(rows["score"])).sum())
    if strange:
        raise DataError(f"{strange} of {len(rows)} scores of {model} are no finite numbers")
    if not (rows["split"] == "val").any():
        raise DataError(f"{model} cannot be evaluated: the validation part is empty, and the threshold is chosen on it")
    return rows


def _groups(scores: pd.DataFrame, settings: EvaluationSettings, model: str) -> Groups | None:
    """Return which group each row belongs to, by the settings; None where all are one."""
    if settings.threshold_groups == "none":
        return None
    if settings.threshold_groups not in scores.columns:
        raise InputError(f"the scores of {model} lack the column {settings.threshold_groups}, by which to group them")
    return scores[settings.threshold_groups].to_numpy(object)


def _predictions(rows: pd.DataFrame, calibration: Calibration) -> Predictions:
    return Predictions(
        score=rows["score"].to_numpy(np.float64),
        labels=rows["abnormal"].to_numpy(bool),
        predicted=(rows["verdict"] == "abnormal").to_numpy(bool),
        probability=rows["probability"].to_numpy(np.float64) if calibration.calibrated else None,
    )


def _measure(
    rows: pd.DataFrame, split: str, calibration: Calibration, settings: EvaluationSettings
) -> dict[str, Metric]:
    return measure(
        _predictions(rows, calibration),
        rows["subject"].to_numpy(object),
        replace(settings.draws, resamples=0) if split == "train" else settings.draws,
    )
