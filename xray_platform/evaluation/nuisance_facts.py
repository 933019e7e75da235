"""Nuisance facts: what is known of a picture that should not tell sick from well, and is no shape of a lung."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from xray_platform.evaluation.metrics import Numbers

MOST_WORDS = 20
"""Values of a fact in words that are told apart, the most frequent; the others count as one."""


@dataclass(frozen=True)
class NuisanceFact:
    """One fact: its column, what it is called and says, and whether it is a number or a word.

    `source`: a word that says where or with what a picture was made, and is compared with the classes.
    """

    name: str
    title: str
    description: str
    kind: Literal["number", "word"] = "number"
    source: bool = False


FACTS: tuple[NuisanceFact, ...] = (
    NuisanceFact("origin", "Origin", "the archive that the picture came from", "word", source=True),
    NuisanceFact("manufacturer", "Device", "the manufacturer of the device", "word", source=True),
    NuisanceFact("view_position", "View", "the view position that the file states", "word", source=True),
    NuisanceFact("format", "File format", "DICOM, JPEG or PNG", "word", source=True),
    NuisanceFact("photometric", "Photometric", "the photometric interpretation as it came", "word", source=True),
    NuisanceFact("rows", "Height", "rows of the standard image, in pixels"),
    NuisanceFact("columns", "Width", "columns of the standard image, in pixels"),
    NuisanceFact("aspect", "Aspect", "width divided by height"),
    NuisanceFact("bits_stored", "Bits stored", "bits that carry the picture"),
    NuisanceFact("lossy", "Lossy", "whether it was ever compressed with loss"),
    NuisanceFact("spacing_mm", "Pixel spacing", "distance of neighbouring pixels, in mm"),
    NuisanceFact("block_edges", "Block edges", "traces of JPEG compression at every eighth column"),
    NuisanceFact("window_low", "Darkest grey", "the grey value that 0.5 % of the pixels lie below"),
    NuisanceFact("window_high", "Brightest grey", "the grey value that 99.5 % of the pixels lie below"),
    NuisanceFact("grey_levels", "Grey levels", "number of distinct grey values"),
    NuisanceFact("grey_mean", "Mean grey", "mean of the whole picture, black to white"),
    NuisanceFact("grey_deviation", "Contrast", "standard deviation of the whole picture"),
    NuisanceFact("black_share", "Black share", "share of black pixels"),
    NuisanceFact("white_share", "White share", "share of white pixels"),
    NuisanceFact("frame_mean", "Frame grey", "mean grey of the outermost twentieth"),
    NuisanceFact("frame_deviation", "Frame contrast", "standard deviation of the outermost twentieth"),
    NuisanceFact("flat_border", "Flat border", "share of the area that is flat lines at the edges"),
    NuisanceFact("sharpness", "Sharpness", "standard deviation of the Laplacian in the middle, at 224 pixels"),
)
OF_IMAGES = (
    "image", "origin", "manufacturer", "view_position", "format", "photometric", "bits_stored", "lossy", "spacing_mm",
)  # fmt: skip


def nuisance_facts(images: pd.DataFrame, standard: pd.DataFrame) -> pd.DataFrame:
    """Join rows of the tables `images` and `standard_images`: one row a picture, `image` and a column a fact.

    Numbers are float64, NaN where unknown; words are small letters, empty where unknown.
    """
    measured = standard.drop(columns=["batch", "done"], errors="ignore")
    joined = images[list(OF_IMAGES)].merge(measured, on="image", how="inner")
    joined["aspect"] = joined["columns"].astype(float) / joined["rows"].astype(float)
    facts: dict[str, pd.Series[Any]] = {"image": joined["image"].astype(str)}
    for fact in FACTS:
        if fact.kind == "word":
            facts[fact.name] = joined[fact.name].astype("string").fillna("").str.strip().str.casefold().astype(str)
        else:
            facts[fact.name] = pd.to_numeric(joined[fact.name].astype("Float64"), errors="coerce").astype(float)
    return pd.DataFrame(facts)


def known_facts(facts: pd.DataFrame) -> tuple[NuisanceFact, ...]:
    """Return the facts that say something of these pictures: those that are not the same for all of them."""
    return tuple(fact for fact in FACTS if fact.name in facts and len(facts[fact.name].unique()) > 1)


def as_numbers(facts: pd.DataFrame, chosen: Sequence[NuisanceFact]) -> Numbers:
    """Return facts as float64 (N, F), NaN where unknown; of a word its place, the most frequent first."""
    columns = [_places(facts[fact.name]) if fact.kind == "word" else facts[fact.name].to_numpy() for fact in chosen]
    table = np.stack(columns, axis=1).astype(np.float64) if columns else np.empty((len(facts), 0))
    return np.where(np.isfinite(table), table, np.nan)


def _places(words: "pd.Series[str]") -> Numbers:
    counted = words[words != ""].value_counts()
    order = sorted(counted.index, key=lambda word: (-counted[word], word))
    place = {word: float(min(number, MOST_WORDS)) for number, word in enumerate(order)}
    return words.map(place).to_numpy(np.float64, na_value=np.nan)
