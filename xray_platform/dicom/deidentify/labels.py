"""Labels: join what the labels files said to the pictures that were published, as far as it is in known words."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from xray_platform.dicom.deidentify.publish import published_among
from xray_platform.dicom.intake.batch_plan import PlannedFile, plans, read_plan
from xray_platform.dicom.intake.hashed_files import hashed_files
from xray_platform.dicom.intake.label_findings import findings_of
from xray_platform.dicom.intake.label_words import LabelWords, known_words
from xray_platform.tables.all import IMAGES, LABELS
from xray_platform.tables.findings import joined
from xray_platform.tables.places import Places

OF_AN_IMAGE = ("image", "batch", "subject", "sha256", "origin")


@dataclass(frozen=True)
class JoinedLabels:
    """Rows of the labels table, and of how many of them the label is held back: it is no known word."""

    frame: pd.DataFrame
    held_back: int


def labels_of(places: Places, left_out: Collection[str] = ()) -> JoinedLabels:
    """Return the rows of the labels table: one a published picture, in the order of the images table.

    Pictures of the batches that are `left_out` have no row, so no model learns from them or is judged on them.

    Plans are read in the order in which they were opened, and what a later one says of a picture wins, so a corrected
    labels file corrects the labels. A picture of which no plan says anything, and one whose label is no word that the
    store knows, has a row without label: what is no known word may be a name, and stays in the raw zone. Subjects come
    from the images table, where they are pseudonyms already.
    """
    said = _said(places)
    words = known_words(places)
    published = IMAGES.read(places, columns=OF_AN_IMAGE)
    images = published[~published["batch"].isin([*left_out])].to_dict("records")
    rows = [_row(image, said.get(image["sha256"]), words) for image in images]
    labelled = sum(said[image["sha256"]].label is not None for image in images if image["sha256"] in said)
    return JoinedLabels(LABELS.frame(rows), labelled - sum(row["label"] is not None for row in rows))


def held_back(places: Places, batches: Sequence[str]) -> int:
    """Return of how many published pictures that these batches speak of the label is held back."""
    words = known_words(places)
    hashes: set[str] = set()
    for batch in batches:
        for sha256, file in hashed_files(places, read_plan(places, batch)):
            if file.label is not None and not words.know(file.label):
                hashes.add(sha256)
    return len(published_among(places, hashes))


def _said(places: Places) -> dict[str, PlannedFile]:
    """Return by raw hash what the plans say last of a picture."""
    said: dict[str, PlannedFile] = {}
    for plan in plans(places):
        for sha256, file in hashed_files(places, plan):
            if sha256 not in said or _says_anything(file):
                said[sha256] = file
    return said


def _says_anything(file: PlannedFile) -> bool:
    return any(value is not None for value in (file.label, file.abnormal, file.split, file.origin))


def _row(image: dict[Any, Any], file: PlannedFile | None, words: LabelWords) -> dict[str, Any]:
    label = file.label if file and file.label and words.know(file.label) else None
    abnormal = file.abnormal if file and label else None
    findings = None if label is None or abnormal is None else joined(findings_of(label, words, abnormal=abnormal))
    return {
        "image": image["image"],
        "subject": image["subject"],
        "origin": (file.origin if file else None) or image["origin"],
        "label": " ".join(label.split()) if label else None,
        "findings": findings,
        "abnormal": abnormal,
        "split_given": file.split if file else None,
    }
