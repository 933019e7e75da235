"""Shortcut audit: how far facts that know no lung go in telling the classes apart, and in predicting a model's score.

A small boosted model sees nuisance facts alone and predicts each subject from the others. Where that comes as far as
the model under test, nobody can say from the test alone what the model has learnt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_platform.evaluation.boosted_folds import FOLDS, FoldPredictions, fold_by_subject, predict_by_fold
from xray_platform.evaluation.bootstrap import Metric, subject_codes, weightings, with_interval
from xray_platform.evaluation.class_sources import class_sources
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.label_shortcuts import (
    SEED,
    LabelShortcuts,
    label_shortcuts,
    nothing_known,
    thinned,
    too_few,
)
from xray_platform.evaluation.metrics import Flags, Numbers, Predictions, auroc, ranking_metrics
from xray_platform.evaluation.nuisance_facts import NuisanceFact, as_numbers, known_facts
from xray_platform.evaluation.shortcut_result import ShortcutAudit, Stratum, TellingFact

STRATA = 5
UNMATCHED = "no group of matched pictures has both classes"


@dataclass(frozen=True)
class _Table:
    """The audited pictures: `rows` has image, subject, split, abnormal, score and the facts; the facts as numbers."""

    rows: pd.DataFrame
    known: tuple[NuisanceFact, ...]
    numbers: Numbers

    def part(self, chosen: Flags) -> "_Table":
        return replace(self, rows=self.rows[chosen], numbers=self.numbers[chosen])

    @property
    def words(self) -> Flags:
        return np.array([fact.kind == "word" for fact in self.known], dtype=bool)

    @property
    def labels(self) -> Flags:
        return self.rows["abnormal"].to_numpy(bool)

    @property
    def score(self) -> Numbers:
        return self.rows["score"].to_numpy(np.float64)

    @property
    def subjects(self) -> NDArray[np.object_]:
        return self.rows["subject"].to_numpy(object)

    @property
    def is_test(self) -> Flags:
        return (self.rows["split"] == "test").to_numpy(bool)

    def predict_score(self, target: Numbers, *, by_class: bool) -> Numbers:
        """Predict what scores became of each subject from the others, (N,); `by_class`: from the label as well."""
        folds = fold_by_subject(self.subjects, self.labels, SEED)
        table = np.column_stack([self.numbers, self.labels]) if by_class else self.numbers
        words = np.pad(self.words, (0, int(by_class)))
        return predict_by_fold(table, target, folds, words=words, task="score", seed=SEED).value


def shortcut_audit(evaluation: Evaluation, facts: pd.DataFrame, labels: LabelShortcuts | None = None) -> ShortcutAudit:
    """Audit a model by the facts of its pictures, from `nuisance_facts`: one row a picture, `image` and the facts.

    Labels are predicted for all labelled pictures, scores for validation and test alone: on the training part a score
    says what the model remembers. `labels`: what `label_shortcuts` found already; where it does not know these
    pictures as they are, they are predicted anew. Never raises for what the data lack: the audit says what could not
    be computed.
    """
    rows = evaluation.rows.merge(facts, on="image", how="inner").reset_index(drop=True)
    rows = thinned(rows[np.isfinite(rows["score"].astype(float))])
    known = known_facts(rows)
    table = _Table(rows, known, as_numbers(rows, known))
    sources = class_sources(rows)
    if reason := nothing_known(rows, known) or _one_class(table.labels[table.is_test]) or too_few(rows):
        return ShortcutAudit(reason=reason, pictures=int(table.is_test.sum()), sources=sources)
    label = _labels_predicted(rows, known, labels)
    compared = _compared(evaluation, table, label.value)
    explained, within = _explained(table)
    return ShortcutAudit(
        pictures=int(table.is_test.sum()),
        learnt=len(rows),
        **compared,
        strata=_strata(table, label.value),
        explained=explained,
        explained_within=within,
        telling=_telling(table, label.lost),
        sources=sources,
    )


def _labels_predicted(
    rows: pd.DataFrame, known: Sequence[NuisanceFact], found: LabelShortcuts | None
) -> FoldPredictions:
    """Return what the facts say of each picture's label, as it was found already or computed now."""
    if found and found.facts == tuple(fact.name for fact in known) and (said := found.of(rows)) is not None:
        return said
    now = label_shortcuts(rows)
    return FoldPredictions(np.array(now.predicted, np.float64), np.array(now.lost, np.float64))


def _one_class(labels: Flags) -> str:
    return "the test part lacks a class" if labels.all() or not labels.any() else ""


def _compared(evaluation: Evaluation, table: _Table, predicted: Numbers) -> dict[str, Metric]:
    """Return the AUROC of facts and model, their difference and the model's among matched pictures, with intervals."""
    test = table.part(table.is_test)
    facts, strata = predicted[table.is_test], _stratum_of(predicted[table.is_test])
    one = _figures(test.score, facts, test.labels, strata, np.ones((1, len(test.rows))))
    codes, number = subject_codes(test.subjects)
    draws = evaluation.settings.draws
    drawn: dict[str, Numbers] = {}
    if draws.resamples and number > 1:
        parts = [_figures(test.score, facts, test.labels, strata, w) for w in weightings(codes, number, draws)]
        drawn = {name: np.concatenate([part[name] for part in parts]) for name in one}
    return {
        name: with_interval(name, float(value[0]), drawn.get(name), draws.confidence, UNMATCHED)
        for name, value in one.items()
    }


def _figures(
    score: Numbers, facts: Numbers, labels: Flags, strata: NDArray[np.int64], weights: Numbers
) -> dict[str, Numbers]:
    """Return what is compared for every weighting of the test pictures, (B,) each."""
    with np.errstate(invalid="ignore", divide="ignore"):
        model, alone = (_weighted_auroc(values, labels, weights) for values in (score, facts))
        right, pairs = np.zeros(len(weights)), np.zeros(len(weights))
        for stratum in np.unique(strata):
            inside = strata == stratum
            own = weights[:, inside]
            of_stratum = (own @ labels[inside]) * (own @ ~labels[inside])
            right += np.nan_to_num(_weighted_auroc(score[inside], labels[inside], own)) * of_stratum
            pairs += of_stratum
        return {"facts": alone, "model": model, "difference": model - alone, "matched": right / pairs}


def _weighted_auroc(values: Numbers, labels: Flags, weights: Numbers) -> Numbers:
    return ranking_metrics(Predictions(values, labels, labels, None), weights)["auroc"]


def _stratum_of(predicted: Numbers) -> NDArray[np.int64]:
    """Return the fifth of the pictures that each belongs to, by what the facts say of it, (N,)."""
    edges = np.quantile(predicted, np.linspace(0, 1, STRATA + 1)[1:-1])
    return np.searchsorted(edges, predicted, side="right").astype(np.int64)


def _strata(table: _Table, predicted: Numbers) -> tuple[Stratum, ...]:
    test = table.part(table.is_test)
    facts, found = predicted[table.is_test], []
    strata = _stratum_of(facts)
    for stratum in np.unique(strata):
        inside = strata == stratum
        labels = test.labels[inside]
        found.append(
            Stratum(
                normal=int((~labels).sum()),
                abnormal=int(labels.sum()),
                facts=float((1 / (1 + np.exp(-facts[inside]))).mean()),
                auroc=auroc(test.score[inside], labels),
            )
        )
    return tuple(found)


def _explained(table: _Table) -> tuple[float | None, float | None]:
    """Return how much of the ranks of the scores the facts predict on validation and test, and within a class.

    Within a class: of how far each lies from the mean of its class, once the label is known.
    """
    judged = table.part((table.rows["split"] != "train").to_numpy(bool))
    ranks = np.asarray(judged.rows["score"].rank(pct=True), np.float64)
    if len(set(judged.subjects)) < 2 * FOLDS:
        return None, None
    inside = ranks.copy()
    for of_class in (judged.labels, ~judged.labels):
        if of_class.any():
            inside[of_class] -= ranks[of_class].mean()
    return _share_explained(judged, ranks), _share_explained(judged, inside, by_class=True)


def _share_explained(judged: _Table, target: Numbers, *, by_class: bool = False) -> float | None:
    """Return R squared out of fold, 0 where the facts do worse than the mean; None where all are the same."""
    total = float(((target - target.mean()) ** 2).sum())
    if total < 1e-12:
        return None
    left = float(((target - judged.predict_score(target, by_class=by_class)) ** 2).sum())
    return max(1 - left / total, 0.0)


def _telling(table: _Table, lost: Numbers) -> tuple[TellingFact, ...]:
    """Return the facts, the most telling first."""
    test = table.part(table.is_test)
    found = [
        TellingFact(
            name=fact.name,
            title=fact.title,
            description=fact.description,
            alone=None if fact.kind == "word" else _alone(test.numbers[:, place], test.labels),
            lost=float(lost[place]) if len(lost) else 0.0,
        )
        for place, fact in enumerate(table.known)
    ]
    return tuple(sorted(found, key=lambda fact: (-fact.lost, fact.name)))


def _alone(values: Numbers, labels: Flags) -> float | None:
    """Return the AUROC of one fact alone, the unknown left out, whichever way round."""
    there = np.isfinite(values)
    found = auroc(values[there], labels[there]) if there.any() else None
    return None if found is None else max(found, 1 - found)
