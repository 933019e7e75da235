"""Robustness: what corruptions of the pictures do to a model, at its frozen threshold, on a sample of the test part."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from xray_platform.evaluation.bootstrap import Draws, Metric, metric_of, subject_codes, weightings, with_interval
from xray_platform.evaluation.metrics import KINDS, Numbers, Predictions, weighted_metrics
from xray_platform.evaluation.threshold import Threshold

MEASURED = ("auroc", "sensitivity", "specificity")
GUARDED = 3  # the severity at which losses are averaged: clearly seen, and a picture is still read
Condition = tuple[str, int]
"""The name of a kind of corruption, and its severity; ("", 0) is the clean picture."""
CLEAN: Condition = ("", 0)


class CorruptedFigures(BaseModel):
    """Figures under one kind of corruption at one severity; `loss`: AUROC on the clean pictures less that on these."""

    model_config = ConfigDict(frozen=True)

    kind: str
    severity: int
    auroc: Metric
    sensitivity: Metric
    specificity: Metric
    loss: Metric


class Robustness(BaseModel):
    """What corruptions do. With `reason`, nothing was tried, and why.

    pictures, normal, abnormal: the sample; of_pictures: the test part that it was drawn from. clean: figures without
    corruption, of the same pictures reduced alike. loss: mean loss of AUROC over the kinds at the middle severity.
    """

    model_config = ConfigDict(frozen=True)

    reason: str = ""
    pictures: int = 0
    normal: int = 0
    abnormal: int = 0
    of_pictures: int = 0
    clean: dict[str, Metric] = {}
    each: tuple[CorruptedFigures, ...] = ()
    loss: Metric | None = None

    def figures(self) -> dict[str, float | None]:
        """Return every figure by name: `robustness/blur/3/auroc`, …: what a tracker logs."""
        found = {f"robustness/clean/{name}": metric.value for name, metric in self.clean.items()}
        for one in self.each:
            found |= {f"robustness/{one.kind}/{one.severity}/{name}": getattr(one, name).value for name in MEASURED}
        return {**found, **({"robustness/loss": self.loss.value} if self.loss else {})}


def robustness_sample(rows: pd.DataFrame, pictures: int, seed: int) -> pd.DataFrame:
    """Return at most so many of these rows (column abnormal), both classes in equal numbers as far as there are."""
    order = np.random.default_rng(seed).permutation(len(rows))
    labels = rows["abnormal"].to_numpy(bool)[order]
    abnormal = min(int(labels.sum()), max(pictures // 2, pictures - int((~labels).sum())))
    normal = min(int((~labels).sum()), pictures - abnormal)
    kept = np.concatenate([order[labels][:abnormal], order[~labels][:normal]])
    return rows.iloc[np.sort(kept)]


def measure_robustness(
    rows: pd.DataFrame, scores: Mapping[Condition, Numbers], threshold: Threshold, draws: Draws, of_pictures: int
) -> Robustness:
    """Measure from scores (N,) of the pictures of `rows` (subject, abnormal) under each condition, the clean one too.

    A condition with a score that is no finite number has no figures, and says so.
    """
    labels, subjects = rows["abnormal"].to_numpy(bool), rows["subject"].to_numpy(object)
    said = {condition: _predictions(values, labels, threshold) for condition, values in scores.items()}
    plain = {condition: _values(found, np.ones((1, len(rows)))) for condition, found in said.items()}
    drawn = _drawn(said, subjects, draws)
    codes, _ = subject_codes(subjects)

    def figure(condition: Condition, name: str) -> Metric:
        if lost := int((~np.isfinite(scores[condition])).sum()):
            return Metric(name=name, value=None, reason=f"{lost} of {len(rows)} scores are no finite numbers")
        resampled = drawn.get(condition, {}).get(name)
        value = float(plain[condition][name][0])
        return metric_of(KINDS[name], value, resampled, said[condition], codes, draws.confidence)

    def loss(conditions: Sequence[Condition]) -> Metric:
        lost = next((metric for c in (CLEAN, *conditions) if (metric := figure(c, "auroc")).value is None), None)
        if lost:
            return Metric(name="loss", value=None, reason=lost.reason)
        value = np.mean([plain[CLEAN]["auroc"] - plain[c]["auroc"] for c in conditions])
        resampled = [drawn[CLEAN]["auroc"] - drawn[c]["auroc"] for c in conditions] if drawn else None
        return with_interval("loss", float(value), _mean(resampled), draws.confidence)

    spoilt = [condition for condition in scores if condition != CLEAN]
    guarded = [condition for condition in spoilt if condition[1] == GUARDED]
    return Robustness(
        pictures=len(rows),
        normal=int((~labels).sum()),
        abnormal=int(labels.sum()),
        of_pictures=of_pictures,
        clean={name: figure(CLEAN, name) for name in MEASURED},
        each=tuple(
            CorruptedFigures(
                kind=condition[0],
                severity=condition[1],
                loss=loss([condition]),
                **{name: figure(condition, name) for name in MEASURED},
            )
            for condition in spoilt
        ),
        loss=loss(guarded) if guarded else None,
    )


def _predictions(score: Numbers, labels: NDArray[np.bool_], threshold: Threshold) -> Predictions:
    return Predictions(np.nan_to_num(score, posinf=0, neginf=0), labels, threshold.predict(score), None)


def _values(predictions: Predictions, weights: Numbers) -> dict[str, Numbers]:
    return weighted_metrics(predictions, weights, names=MEASURED)


def _drawn(
    said: Mapping[Condition, Predictions], subjects: NDArray[np.object_], draws: Draws
) -> dict[Condition, dict[str, Numbers]]:
    """Return what each figure was in each draw, all conditions in the same draws; nothing where there are none."""
    codes, count = subject_codes(subjects)
    if not draws.resamples or count < 2:
        return {}
    chunks = list(weightings(codes, count, draws))
    return {
        condition: {
            name: np.concatenate(parts)
            for name, parts in _by_name([_values(predictions, weights) for weights in chunks]).items()
        }
        for condition, predictions in said.items()
    }


def _by_name(parts: Sequence[Mapping[str, Numbers]]) -> dict[str, list[Numbers]]:
    return {name: [part[name] for part in parts] for name in MEASURED}


def _mean(drawn: Sequence[Numbers] | None) -> Numbers | None:
    return None if drawn is None else np.asarray(np.mean(drawn, axis=0), np.float64)
