"""Split groups: what besides the subject keeps pictures in one part, or holds them out for the test."""

from collections.abc import Mapping
from typing import Literal, get_args

import pandas as pd

from xray_platform.errors import InputError

Fact = Literal["origin", "device", "view", "sex", "age"]
FACTS: tuple[Fact, ...] = get_args(Fact)
UNKNOWN = "unknown"
BAND_YEARS = 10
FACT_COLUMNS = ("manufacturer", "view_position", "sex", "age_years")
"""The columns of the table `images` that `picture_facts` reads."""


def picture_facts(images: pd.DataFrame) -> pd.DataFrame:
    """Return by row of the table `images` its device, view, sex and age as words; `unknown` where nothing is known.

    device: the manufacturer, in small letters. age: a band of ten years, such as `60-69`.
    """
    facts = pd.DataFrame(
        {
            "device": images["manufacturer"].astype("string").str.strip().str.casefold(),
            "view": images["view_position"].astype("string"),
            "sex": images["sex"].astype("string"),
            "age": images["age_years"].map(_band, na_action="ignore").astype("string"),
        },
        index=images.index,
    )
    return facts.fillna(UNKNOWN)


def held_out(pictures: pd.DataFrame, asked: Mapping[Fact, frozenset[str]]) -> "pd.Series[bool]":
    """Return which pictures have one of the values that are held out.

    Raises InputError where no picture has one of them, with the values that there are.
    """
    found = pd.Series(data=False, index=pictures.index)
    for fact, values in asked.items():
        words = pictures[fact].astype(str)
        if lost := sorted(values - set(words)):
            known = ", ".join(sorted(set(words)))
            raise InputError(f"hold_out: no labelled picture has {fact}={lost[0]}; there are {known}")
        found |= words.isin(values)
    return found


def asked_for(text: str) -> dict[Fact, frozenset[str]]:
    """Return by fact the values of a text such as `origin=covid, device=agfa`; raises ValueError for any other."""
    asked: dict[Fact, set[str]] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = (word.strip() for word in part.partition("="))
        fact = next((fact for fact in FACTS if fact == name), None)
        if fact is None or not value:
            message = f"{part!r} is no `fact=value`; facts are {', '.join(FACTS)}"
            raise ValueError(message)
        asked.setdefault(fact, set()).add(value)
    return {fact: frozenset(values) for fact, values in asked.items()}


def _band(years: float) -> str:
    first = int(years // BAND_YEARS) * BAND_YEARS
    return f"{first}-{first + BAND_YEARS - 1}"
