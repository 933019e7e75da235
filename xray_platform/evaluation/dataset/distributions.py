"""Distributions: how numbers that files state, or that were measured on pictures, are spread over the pictures."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

BINS = 24
ENDS = (0.5, 99.5)
"""Percentiles that a histogram reaches from and to; what lies beyond stands in its outermost bars."""
UNUSUAL = 6.0
"""Robust deviations (1.4826 times the median distance from the median) from which on a number is called unusual."""


@dataclass(frozen=True)
class NumberFact:
    """One number of a picture: its column, what it is called, and its unit."""

    name: str
    title: str
    unit: str = ""


NUMBERS: tuple[NumberFact, ...] = (
    NumberFact("rows", "Height", "pixels"),
    NumberFact("columns", "Width", "pixels"),
    NumberFact("spacing_mm", "Pixel spacing", "mm"),
    NumberFact("age_years", "Age", "years"),
    NumberFact("grey_levels", "Grey levels"),
    NumberFact("grey_mean", "Mean grey, black 0 to white 1"),
    NumberFact("grey_deviation", "Contrast: deviation of the grey"),
    NumberFact("black_share", "Share of black pixels"),
    NumberFact("white_share", "Share of white pixels"),
    NumberFact("flat_border", "Share of flat border"),
    NumberFact("sharpness", "Sharpness: deviation of the Laplacian"),
    NumberFact("block_edges", "Traces of JPEG blocks, 1: none"),
)
OF_TONE = ("grey_mean", "grey_deviation", "black_share", "white_share", "sharpness")
OF_STANDARD = (
    "image", "grey_levels", "grey_mean", "grey_deviation", "black_share", "white_share", "flat_border", "sharpness",
    "block_edges",
)  # fmt: skip
"""The columns of the table `standard_images` that are read."""
OF_IMAGES = ("image", "rows", "columns", "spacing_mm", "age_years")


@dataclass(frozen=True)
class Distribution:
    """One number over all pictures: how many have it, its percentiles, and a histogram from `low` to `high`."""

    fact: NumberFact
    known: int
    missing: int
    minimum: float
    percentile_5: float
    median: float
    percentile_95: float
    maximum: float
    low: float
    high: float
    bars: tuple[int, ...]


def picture_numbers(images: pd.DataFrame, standard: pd.DataFrame) -> pd.DataFrame:
    """Join rows of the tables `images` and `standard_images`: `image` and a float64 column a number, NaN: unknown."""
    joined = images[list(OF_IMAGES)].merge(standard[list(OF_STANDARD)], on="image", how="left")
    numbers = {
        fact.name: pd.to_numeric(joined[fact.name].astype("Float64")).to_numpy(np.float64, na_value=np.nan)
        for fact in NUMBERS
    }
    return pd.DataFrame({"image": joined["image"].astype(str), **numbers})


def distributions(numbers: pd.DataFrame) -> list[Distribution]:
    """Return the distribution of each number that at least one picture has; `numbers` from `picture_numbers`."""
    found = (_distribution(fact, numbers[fact.name].to_numpy(np.float64)) for fact in NUMBERS)
    return [one for one in found if one.known]


def unusual(numbers: pd.DataFrame, most: int) -> Mapping[str, str]:
    """Return by image what is most unusual about its tone, in words; the `most` images farthest from the others."""
    farthest: dict[str, tuple[float, str]] = {}
    for fact in (fact for fact in NUMBERS if fact.name in OF_TONE):
        values = numbers[fact.name].to_numpy(np.float64)
        for image, value, far in zip(numbers["image"], values, _deviations(values), strict=True):
            if abs(far) >= UNUSUAL and abs(far) > farthest.get(image, (0.0, ""))[0]:
                word = "high" if far > 0 else "low"
                farthest[image] = abs(far), f"{word}: {fact.title.split(':')[0].split(',')[0].lower()} {value:.3g}"
    ordered = sorted(farthest, key=lambda image: (-farthest[image][0], image))
    return {image: farthest[image][1] for image in ordered[:most]}


def _deviations(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return how far values lie from their median, in robust deviations; 0 where nothing can be said."""
    known = values[np.isfinite(values)]
    centre = np.median(known) if len(known) else 0.0
    spread = 1.4826 * np.median(np.abs(known - centre)) if len(known) else 0.0
    if spread <= 0:
        return np.zeros_like(values)
    return np.nan_to_num((values - centre) / spread, nan=0.0)


def _distribution(fact: NumberFact, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Distribution:
    known = values[np.isfinite(values)]
    if not len(known):
        return Distribution(fact, 0, len(values), 0, 0, 0, 0, 0, 0, 0, ())
    low, high = (float(end) for end in np.percentile(known, ENDS))
    if low == high:
        low, high = low - 0.5, high + 0.5
    bars, _ = np.histogram(np.clip(known, low, high), bins=BINS, range=(low, high))
    lowest, five, middle, ninety_five, highest = (float(one) for one in np.percentile(known, [0, 5, 50, 95, 100]))
    return Distribution(
        fact, len(known), len(values) - len(known), lowest, five, middle, ninety_five, highest, low, high,
        tuple(int(bar) for bar in bars),
    )  # fmt: skip
