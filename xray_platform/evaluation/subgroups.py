"""Subgroups: how good a model is in each group of the test part: by archive, device, view, sex, age and batch.

The archive that pictures come from is one of these facts: external validation is its group that nothing was learnt
from. No figure of one group is called general.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from xray_platform.evaluation.bootstrap import Draws, Metric, measure
from xray_platform.evaluation.metrics import Predictions

MEASURED = ("auroc", "sensitivity", "specificity")
MOST_GROUPS = 12  # of a fact, the largest ones; the others are counted
FEWEST_SUBJECTS = 10  # of each class that a figure needs, in a group that the largest gap looks at
UNKNOWN = "unknown"
ORIGIN = "origin"
TITLES = {ORIGIN: "Origin", "device": "Device", "view": "View", "sex": "Sex", "age": "Age band", "batch": "Batch"}
_PLAIN = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class _Counts:
    normal: int
    abnormal: int

    def enough(self, name: str) -> bool:
        """Tell whether a figure rests on enough subjects of each class that it needs."""
        needed = {"auroc": min(self.normal, self.abnormal), "sensitivity": self.abnormal, "specificity": self.normal}
        return needed[name] >= FEWEST_SUBJECTS


class Subgroup(BaseModel):
    """One group: test pictures and subjects, figures with intervals, and how many pictures of it were learnt from.

    `learnt`: pictures of the training and the validation part of the same group; 0: external to the model.
    """

    model_config = ConfigDict(frozen=True)

    value: str
    pictures: int
    normal: int
    abnormal: int
    subjects_normal: int
    subjects_abnormal: int
    learnt: int
    metrics: dict[str, Metric]


class Gap(BaseModel):
    """The largest difference of a figure between two groups; `apart`: their intervals do not overlap."""

    model_config = ConfigDict(frozen=True)

    name: str
    difference: float
    lowest: str
    highest: str
    apart: bool


class Subgroups(BaseModel):
    """A fact of the test pictures with its groups, the largest first, of which `more` are not listed.

    gaps: by figure, over known groups with enough subjects; one without two such groups is not there.
    """

    model_config = ConfigDict(frozen=True)

    fact: str
    groups: tuple[Subgroup, ...]
    more: int = 0
    gaps: tuple[Gap, ...] = ()

    @property
    def telling(self) -> bool:
        """Whether it parts the test pictures at all."""
        return len(self.groups) > 1

    @property
    def title(self) -> str:
        """What people call the fact."""
        return TITLES[self.fact]


def subgroups(rows: pd.DataFrame, draws: Draws) -> tuple[Subgroups, ...]:
    """Return the groups of every fact that `rows` has a column for, in the order of `TITLES`.

    rows: subject, split, abnormal, score (finite), verdict, and any of the facts; what is empty is unknown.
    """
    test = rows[rows["split"] == "test"]
    if test.empty:
        return ()
    return tuple(_of_fact(fact, rows, test, draws) for fact in TITLES if fact in rows)


def origins_of(found: tuple[Subgroups, ...]) -> Subgroups | None:
    """Return the groups by origin; None where nothing is known of it."""
    return next((one for one in found if one.fact == ORIGIN), None)


def subgroup_figures(found: tuple[Subgroups, ...]) -> Iterator[tuple[str, float | None]]:
    """Yield by name what a tracker logs: `origin/<value>/auroc`, …, and `subgroup/<fact>/auroc_gap`, …."""
    for one in found:
        for group in one.groups if one.fact == ORIGIN else ():
            for name, metric in group.metrics.items():
                yield f"origin/{_PLAIN.sub('_', group.value)}/{name}", metric.value
        for gap in one.gaps:
            yield f"subgroup/{one.fact}/{gap.name}_gap", gap.difference


def subgroup_csv(found: tuple[Subgroups, ...]) -> str:
    """Return every group of every fact as a line of a CSV."""
    rows = []
    for one in found:
        for group in one.groups:
            row: dict[str, Any] = {"fact": one.fact, **group.model_dump(exclude={"metrics"})}
            for name, metric in group.metrics.items():
                row |= {name: metric.value, f"{name}_low": metric.low, f"{name}_high": metric.high}
            rows.append(row)
    return pd.DataFrame(rows).to_csv(index=False)


def _of_fact(fact: str, rows: pd.DataFrame, test: pd.DataFrame, draws: Draws) -> Subgroups:
    words, of_test = _words(rows[fact]), _words(test[fact])
    counted = of_test.value_counts()
    order = sorted(counted.index, key=lambda value: (-counted[value], value))
    learnt = words[rows["split"] != "test"].value_counts()
    values = tuple(
        _group(value, test[of_test == value], int(learnt.get(value, 0)), replace(draws, seed=draws.seed + place))
        for place, value in enumerate(order[:MOST_GROUPS])
    )
    gaps = tuple(gap for name in MEASURED if (gap := _gap(name, values)))
    return Subgroups(fact=fact, groups=values, more=max(len(order) - MOST_GROUPS, 0), gaps=gaps)


def _words(column: "pd.Series[Any]") -> "pd.Series[str]":
    words = column.astype("string").str.strip()
    return words.mask(words == "").fillna(UNKNOWN).astype(str)


def _group(value: str, rows: pd.DataFrame, learnt: int, draws: Draws) -> Subgroup:
    labels = rows["abnormal"].to_numpy(bool)
    predicted = (rows["verdict"] == "abnormal").to_numpy(bool)
    predictions = Predictions(rows["score"].to_numpy(np.float64), labels, predicted, None)
    return Subgroup(
        value=value,
        pictures=len(rows),
        normal=int((~labels).sum()),
        abnormal=int(labels.sum()),
        subjects_normal=int(rows.loc[~labels, "subject"].nunique()),
        subjects_abnormal=int(rows.loc[labels, "subject"].nunique()),
        learnt=learnt,
        metrics=measure(predictions, rows["subject"].to_numpy(object), draws, MEASURED),
    )


def _gap(name: str, values: tuple[Subgroup, ...]) -> Gap | None:
    """Return the largest difference of a figure between known groups with enough subjects; None without two."""
    there = [
        (group.metrics[name], group.value)
        for group in values
        if group.value != UNKNOWN
        and group.metrics[name].value is not None
        and _Counts(group.subjects_normal, group.subjects_abnormal).enough(name)
    ]
    if len(there) < 2:
        return None
    (low, lowest), *_, (high, highest) = sorted(there, key=lambda one: one[0].value or 0.0)
    apart = low.high is not None and high.low is not None and low.high < high.low
    difference = (high.value or 0.0) - (low.value or 0.0)
    return Gap(name=name, difference=difference, lowest=lowest, highest=highest, apart=apart)
