"""Composition: who and what the pictures show: counts by part of the data, of each fact that is known of them."""

from dataclasses import dataclass

import pandas as pd

from xray_platform.training.split_groups import FACT_COLUMNS, UNKNOWN, picture_facts

MOST_VALUES = 12
"""Values of one fact that are counted apart, the most frequent; the others together."""
OTHERS = "others"
WHOLE = "all"
TITLES = {
    "view": "View position",
    "age": "Age in years",
    "sex": "Sex",
    "device": "Manufacturer",
    "origin": "Origin",
    "format": "File format",
    "bits": "Bits stored",
}
COLUMNS = ("image", "subject", "study", "origin", "format", "bits_stored", *FACT_COLUMNS)
"""The columns of the table `images` that `composition` reads."""


@dataclass(frozen=True)
class Count:
    """Pictures and subjects that have one value, in one part."""

    pictures: int
    subjects: int


@dataclass(frozen=True)
class FactCounts:
    """One fact: its title, and by value the counts in each part, in the order of `Composition.parts`."""

    name: str
    title: str
    counts: dict[str, tuple[Count, ...]]

    def known(self, place: int) -> float | None:
        """The share of a part's pictures of which the fact is known; None where the part has no pictures."""
        total = sum(each[place].pictures for each in self.counts.values())
        unknown = self.counts[UNKNOWN][place].pictures if UNKNOWN in self.counts else 0
        return (total - unknown) / total if total else None


@dataclass(frozen=True)
class Composition:
    """What the pictures are: the parts, how many pictures, subjects and studies each has, and each fact's counts."""

    parts: tuple[str, ...]
    pictures: tuple[int, ...]
    subjects: tuple[int, ...]
    studies: tuple[int, ...]
    facts: tuple[FactCounts, ...]

    def fact(self, name: str) -> FactCounts:
        """Return the counts of one fact."""
        return next(fact for fact in self.facts if fact.name == name)


def composition(images: pd.DataFrame, splits: pd.DataFrame | None = None) -> Composition:
    """Count rows of the table `images` by what is known of them, in each part of the data.

    splits: `image` and `split` (train, val, test); pictures of no part are not counted. None: all pictures, one part.
    """
    parts = (WHOLE,) if splits is None else ("train", "val", "test")
    given = pd.Series(WHOLE, index=images.index) if splits is None else _part_of(images, splits)
    rows = pd.DataFrame(
        {
            "part": given,
            "subject": images["subject"].astype(str),
            "study": images["study"].astype(str),
            "origin": images["origin"].astype("string").fillna(UNKNOWN),
            "format": images["format"].astype("string").fillna(UNKNOWN),
            "bits": images["bits_stored"].astype("string").fillna(UNKNOWN),
        }
    ).join(picture_facts(images))
    each = [rows[rows["part"] == part] for part in parts]
    return Composition(
        parts,
        pictures=tuple(len(part) for part in each),
        subjects=tuple(int(part["subject"].nunique()) for part in each),
        studies=tuple(int(part["study"].nunique()) for part in each),
        facts=tuple(FactCounts(name, title, _values(name, each)) for name, title in TITLES.items()),
    )


def _part_of(images: pd.DataFrame, splits: pd.DataFrame) -> "pd.Series[str]":
    known = dict(zip(splits["image"].astype(str), splits["split"].astype(str), strict=True))
    return images["image"].astype(str).map(known)


def _values(name: str, parts: list[pd.DataFrame]) -> dict[str, tuple[Count, ...]]:
    """Return the counts by value: numbers in their order, words by how frequent they are, what is not known last."""
    counted = pd.concat(parts)[name].astype(str).value_counts()
    kept = [value for value in counted.index if value != UNKNOWN][:MOST_VALUES]
    shown = sorted(kept, key=_order) if name in {"age", "bits"} else kept
    rest = [value for value in counted.index if value != UNKNOWN and value not in kept]
    groups = {value: [value] for value in shown}
    groups |= {OTHERS: rest} if rest else {}
    groups |= {UNKNOWN: [UNKNOWN]} if UNKNOWN in counted.index else {}
    return {
        shown: tuple(_count(part[part[name].astype(str).isin(values)]) for part in parts)
        for shown, values in groups.items()
    }


def _order(value: str) -> int:
    return int(value.split("-", maxsplit=1)[0])


def _count(rows: pd.DataFrame) -> Count:
    return Count(len(rows), int(rows["subject"].nunique()))
