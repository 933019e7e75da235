"""Class sources: whether classes coincide with archives, devices or views, and how good a model is in each."""

import pandas as pd
from pydantic import BaseModel, ConfigDict

from xray_platform.evaluation.metrics import auroc
from xray_platform.evaluation.nuisance_facts import FACTS
from xray_platform.evaluation.wording import count, percent

SHOWN = 12  # values of a fact, the most frequent first
TELLING = 10  # pictures of a value that all have one class, from which on that is said
UNKNOWN = "not stated"


class SourceValue(BaseModel):
    """One value of a fact: its labelled pictures of all parts, and the model's AUROC on its test pictures."""

    model_config = ConfigDict(frozen=True)

    value: str
    normal: int
    abnormal: int
    auroc: float | None


class ClassSource(BaseModel):
    """A fact with its values, the most frequent first, and what is striking: a sentence for each finding."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    values: tuple[SourceValue, ...]
    more: int
    findings: tuple[str, ...]


def class_sources(rows: pd.DataFrame) -> tuple[ClassSource, ...]:
    """Return every source fact that has more than one value: `rows` has split, abnormal, score and a column a fact."""
    return tuple(
        _source(fact.name, fact.title, rows)
        for fact in FACTS
        if fact.source and fact.name in rows and len(rows[fact.name].unique()) > 1
    )


def _source(name: str, title: str, rows: pd.DataFrame) -> ClassSource:
    counted = rows[name].value_counts()
    order = sorted(counted.index, key=lambda value: (-counted[value], value))
    values = tuple(_value(str(value), rows[rows[name] == value]) for value in order)
    findings = tuple(text for value in values if (text := _finding(title, value)))
    return ClassSource(
        name=name,
        title=title,
        values=values[:SHOWN],
        more=max(len(values) - SHOWN, 0),
        findings=(*_whole_classes(title, values), *findings)[:SHOWN],
    )


def _value(value: str, rows: pd.DataFrame) -> SourceValue:
    labels, test = rows["abnormal"].to_numpy(bool), (rows["split"] == "test").to_numpy(bool)
    score = rows["score"].to_numpy(float)
    return SourceValue(
        value=value or UNKNOWN,
        normal=int((~labels).sum()),
        abnormal=int(labels.sum()),
        auroc=auroc(score[test], labels[test]) if test.any() else None,
    )


def _finding(title: str, value: SourceValue) -> str:
    """Say where all pictures of a value have one class."""
    number = value.normal + value.abnormal
    if number < TELLING or min(value.normal, value.abnormal):
        return ""
    called = "abnormal" if value.abnormal else "normal"
    return f"{title} {value.value}: all {count(number, 'picture')} are {called}."


def _whole_classes(title: str, values: tuple[SourceValue, ...]) -> list[str]:
    """Say where all pictures of a class have one value, and others have others."""
    found = []
    for called, other in (("normal", "abnormal"), ("abnormal", "normal")):
        have = [value for value in values if getattr(value, called)]
        number = sum(getattr(value, called) for value in have)
        if len(have) == 1 and number >= TELLING and getattr(have[0], other) < sum(getattr(v, other) for v in values):
            share = getattr(have[0], other) / sum(getattr(v, other) for v in values)
            found.append(
                f"{title}: every {called} picture is of {have[0].value}, of the {other} ones {percent(share)}."
            )
    return found
