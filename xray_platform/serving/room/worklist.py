"""Worklist: the store's de-identified images that the champion has judged, in the order in which to read them."""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

import pandas as pd

from xray_platform.clinical_columns import ClinicalFacts
from xray_platform.errors import InputError, StoreError
from xray_platform.serving.row_facts import row_facts
from xray_platform.serving.uncertainty import uncertainty
from xray_platform.tables.all import IMAGES, PREDICTIONS
from xray_platform.tables.places import Places

Sort = Literal["uncertainty", "distance", "probability", "image"]


@dataclass(frozen=True)
class Listed:
    """An image of the worklist: its pseudonymous name, what the champion said of it, and whether somebody read it."""

    image: str
    probability: float
    verdict: str
    uncertainty: float
    distance: float | None
    read: bool


def worklist(places: Places, threshold_probability: float, read: Collection[str], sort: Sort) -> list[Listed]:
    """Return all images that the champion has judged, sorted; of equal ones by name. Raises StoreError."""
    rows = PREDICTIONS.read(places)[["image", "probability", "verdict", "distance"]]
    listed = [
        Listed(
            str(image),
            float(probability),
            str(verdict),
            uncertainty(probability, threshold_probability),
            float(distance) if pd.notna(distance) else None,
            image in read,
        )
        for image, probability, verdict, distance in rows.itertuples(index=False)
    ]
    listed.sort(key=lambda one: one.image)
    if sort == "uncertainty":
        listed.sort(key=lambda one: -one.uncertainty)
    elif sort == "distance":
        listed.sort(key=lambda one: -(one.distance or 0))
    elif sort == "probability":
        listed.sort(key=lambda one: -one.probability)
    return listed


@dataclass(frozen=True)
class PublishedImage:
    """The bytes of a published image, the SHA-256 of its raw file, and what its row states of age, sex and view."""

    data: bytes
    sha256: str
    stated: ClinicalFacts


def published_image(places: Places, image: str) -> PublishedImage:
    """Return a published image, found to be what was published.

    Raises InputError where there is none of that name, StoreError where it is gone or another one.
    """
    rows = IMAGES.read(places)
    found = rows[rows["image"] == image]
    if len(found) != 1:
        raise InputError("the store has no such image")
    row = found.iloc[0]
    path = places.processed / Path(str(row["file"]))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StoreError(f"the published image cannot be read: {error.strerror or type(error).__name__}") from error
    if sha256(data).hexdigest() != row["file_sha256"]:
        raise StoreError("the published image is not what was published; xray verify says more")
    return PublishedImage(data, str(row["sha256"]), next(row_facts(found)))
