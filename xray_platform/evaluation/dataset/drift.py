"""Drift: whether a batch differs from what came before it, fact by fact, by more than chance and by enough to matter.

Numbers are compared by the test of Kolmogorov and Smirnov, words by Fisher's exact test of each value; p-values are
Holm's, over all facts. How large a difference is says the population stability index (PSI), less what chance alone
would give. A fact has drifted where both say so: in a large batch a trifle is certain, in a small one a large number is
chance. One picture a subject counts, since pictures of one person are no independent witnesses. What a model sees in
pictures, an embedding, is compared by whether a classifier can tell the batch apart (`told_apart.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import stats

from xray_platform.evaluation.dataset.distributions import NUMBERS
from xray_platform.evaluation.dataset.stability import Numbers, difference, stability
from xray_platform.evaluation.dataset.told_apart import told_apart
from xray_platform.evaluation.paired_models import holm
from xray_platform.settings import Settings

WORDS: dict[str, str] = {
    "origin": "Origin",
    "manufacturer": "Manufacturer",
    "view_position": "View position",
    "sex": "Sex",
    "format": "File format",
    "photometric": "Photometric interpretation",
    "bits_stored": "Bits stored",
    "lossy": "Lossy compression",
}
GIVEN = {"age_years": "Age stated", "spacing_mm": "Pixel spacing stated"}
"""Facts that a file may leave out: how often it does is a fact as well."""
PREDICTED = {"score": "Score of the champion", "distance": "Distance from what the champion learnt"}
CALLED = {"verdict": "Verdict of the champion"}
SEEN = {"embedding": "What the champion sees"}
UNKNOWN = "unknown"
MOST_VALUES = 20
"""Values of a word that are tested, the most frequent."""
OF_IMAGES = ("image", "batch", "subject", *WORDS, "rows", "columns", "spacing_mm", "age_years")
Outcome = Literal["drifted", "alike", "too few", "nothing before"]


class DriftSettings(Settings):
    """When a batch is called different from what came before it."""

    reference_batches: int = Field(
        20,
        ge=1,
        le=1000,
        description="how many batches before it a batch is compared with, the last ones; beside a champion, so many "
        "that it knows and so many after them",
    )
    fewest_subjects: int = Field(
        30, ge=10, le=100_000, description="subjects that batch and reference must have; below, nothing is said"
    )
    alarm_rate: float = Field(
        0.01, gt=0, le=0.2, description="share of batches without any difference that may raise an alarm, at most"
    )
    smallest_change: float = Field(
        0.2, ge=0, le=10, description="population stability index, beyond chance, from which on a difference matters"
    )
    retrain_on_drift: bool = Field(
        default=False,
        description="whether a batch with labels that drifted starts a retraining of all models (in `xray ui`); off, "
        "it is a warning, for a person to look at first",
    )
    retrain_on_labels: int = Field(
        0,
        ge=0,
        le=10_000_000,
        description="how many more pictures with labels than at the last training start a retraining of all models "
        "(in `xray ui`); 0: none do",
    )


@dataclass(frozen=True)
class FactSet:
    """Which facts are compared, by column and title: numbers, words, those that may be left out, and embeddings."""

    numbers: Mapping[str, str]
    words: Mapping[str, str]
    given: Mapping[str, str] = field(default_factory=dict)
    embeddings: Mapping[str, str] = field(default_factory=dict)


OF_PICTURES = FactSet({fact.name: fact.title for fact in NUMBERS}, WORDS, GIVEN)
OF_PREDICTIONS = FactSet(PREDICTED, CALLED, embeddings=SEEN)


@dataclass(frozen=True)
class FactDrift:
    """One fact of a batch against the reference.

    p: Holm's p-value; change: PSI beyond chance; said: what differs, in words.
    """

    title: str
    p: float
    change: float
    drifted: bool
    said: str


@dataclass(frozen=True)
class Drift:
    """A batch against what came before it: subjects on both sides, and each fact, those that drifted first."""

    batch: str
    outcome: Outcome
    subjects: int
    reference: int
    facts: tuple[FactDrift, ...] = ()

    @property
    def drifted(self) -> tuple[FactDrift, ...]:
        return tuple(fact for fact in self.facts if fact.drifted)

    @property
    def said(self) -> str:
        """What was found, in one sentence."""
        sides = f"{self.subjects:,} subjects against {self.reference:,} before"
        if self.outcome == "nothing before":
            return "It is the first batch with pictures: there is nothing to compare it with."
        if self.outcome == "too few":
            return f"Too few to say anything: {sides}."
        if self.outcome == "alike":
            return f"Like what came before it ({sides}, {len(self.facts)} facts)."
        return f"{'; '.join(fact.said for fact in self.drifted)} ({sides})."


def facts_of(images: pd.DataFrame, standard: pd.DataFrame) -> pd.DataFrame:
    """Return one row a subject with the facts that are compared; rows of the tables `images` and `standard_images`.

    Of several pictures the one with the first name counts, which is as good as any: names come from digests.
    """
    known = [fact.name for fact in NUMBERS if fact.name not in images]
    joined = images.merge(standard[["image", *known]], on="image", how="left").sort_values("image")
    first = joined.drop_duplicates("subject")
    columns: dict[str, Any] = {"batch": first["batch"].astype(str)}
    for name in WORDS:
        columns[name] = first[name].astype("string").str.strip().str.casefold().fillna(UNKNOWN).astype(str)
    for fact in NUMBERS:
        columns[fact.name] = _numbers(first[fact.name])
    return pd.DataFrame(columns).reset_index(drop=True)


def prediction_facts_of(predictions: pd.DataFrame, embeddings: pd.DataFrame) -> pd.DataFrame:
    """Return one row a subject with what the champion says and sees, of one champion.

    Rows of the tables `predictions` and `embeddings`; what is seen is null where the second lacks the picture.
    """
    joined = predictions.merge(embeddings[["image", *SEEN]], on="image", how="left").sort_values("image")
    first = joined.drop_duplicates("subject")
    columns: dict[str, Any] = {name: _numbers(first[name]) for name in PREDICTED}
    columns |= {name: first[name] for name in SEEN}
    return pd.DataFrame({"batch": first["batch"].astype(str), **columns, "verdict": first["verdict"].astype(str)})


def drift_of(
    batch: str,
    facts: pd.DataFrame,
    reference: pd.DataFrame,
    settings: DriftSettings = DriftSettings(),
    compare: FactSet = OF_PICTURES,
) -> Drift:
    """Compare the facts of a batch with those of the reference; both from `facts_of` or `prediction_facts_of`."""
    if not len(reference):
        return Drift(batch, "nothing before", len(facts), 0)
    if min(len(facts), len(reference)) < settings.fewest_subjects:
        return Drift(batch, "too few", len(facts), len(reference))
    compared = [_number(title, facts[name], reference[name], settings) for name, title in compare.numbers.items()]
    compared += [_word(title, facts[name], reference[name]) for name, title in compare.words.items()]
    compared += [_word(title, _given(facts[name]), _given(reference[name])) for name, title in compare.given.items()]
    compared += [_seen(title, facts[name], reference[name], settings) for name, title in compare.embeddings.items()]
    tested = [one for one in compared if one is not None]
    adjusted = holm([one.p for one in tested])
    found = [_judged(one, p or 0.0, settings) for one, p in zip(tested, adjusted, strict=True)]
    found.sort(key=lambda fact: (not fact.drifted, fact.p, -fact.change))
    return Drift(
        batch,
        "drifted" if any(fact.drifted for fact in found) else "alike",
        len(facts),
        len(reference),
        tuple(found),
    )


def _judged(one: FactDrift, p: float, settings: DriftSettings) -> FactDrift:
    drifted = p < settings.alarm_rate and one.change >= settings.smallest_change
    return FactDrift(one.title, p, one.change, drifted, one.said)


def _given(values: "pd.Series[Any]") -> "pd.Series[str]":
    return values.notna().map({True: "stated", False: "not stated"})


def _number(
    title: str, batch: "pd.Series[Any]", reference: "pd.Series[Any]", settings: DriftSettings
) -> FactDrift | None:
    """Compare a number; None where too few have it on either side."""
    new, old = (_known(side) for side in (batch, reference))
    if min(len(new), len(old)) < settings.fewest_subjects:
        return None
    p, change = difference(new, old)
    said = f"{title.split(':', maxsplit=1)[0]}: median {np.median(new):.4g}, was {np.median(old):.4g}"
    return FactDrift(title, p, change, False, said)


def _seen(
    title: str, batch: "pd.Series[Any]", reference: "pd.Series[Any]", settings: DriftSettings
) -> FactDrift | None:
    """Compare embeddings; None where too few have one on either side."""
    new, old = ([one for one in side if np.ndim(one) and len(one)] for side in (batch, reference))
    if min(len(new), len(old)) < settings.fewest_subjects:
        return None
    p, change, auroc = told_apart(np.stack(new), np.stack(old))
    return FactDrift(title, p, change, False, f"{title}: told apart from before with an AUROC of {auroc:.2f}")


def _numbers(values: "pd.Series[Any]") -> Numbers:
    return pd.to_numeric(values.astype("Float64")).to_numpy(np.float64, na_value=np.nan)


def _known(values: "pd.Series[Any]") -> Numbers:
    numbers: Numbers = values.to_numpy(np.float64)
    return numbers[np.isfinite(numbers)]


def _word(title: str, batch: "pd.Series[str]", reference: "pd.Series[str]") -> FactDrift | None:
    """Compare a word; None where both sides have one value alone, the same."""
    new, old = batch.value_counts(), reference.value_counts()
    every = sorted(set(new.index) | set(old.index))
    if len(every) < 2:
        return None
    table = np.array([[int(side.get(value, 0)) for value in every] for side in (new, old)], dtype=np.int64)
    kept = np.argsort(-table.sum(axis=0), kind="stable")[:MOST_VALUES]
    p = _exact(table[:, kept], table.sum(axis=1))
    shares = table / table.sum(axis=1, keepdims=True)
    place = int(np.argmax(np.abs(shares[0] - shares[1])))
    said = f"{title}: {every[place]!s} in {shares[0, place]:.0%}, was {shares[1, place]:.0%}"
    return FactDrift(title, p, stability(table[0], table[1]), False, said)


def _exact(table: NDArray[np.int64], totals: NDArray[np.int64]) -> float:
    """Return the least of Fisher's exact p-values of each value against all others, times the number of values.

    Chi-square wants five of each value on both sides; what is new in a small batch has none on the other.
    """
    values = [
        float(stats.fisher_exact([[here, totals[0] - here], [there, totals[1] - there]]).pvalue)
        for here, there in table.T
    ]
    return min(1.0, min(values) * (1 if len(values) == 2 else len(values)))
