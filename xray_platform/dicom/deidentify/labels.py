"""Labels: join what the labels files said to the pictures that were published, as far as it is in known words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from xray_platform.dicom.deidentify.publish import published_among
from xray_platform.dicom.intake.batch_plan import plans, read_plan
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


class _Said(NamedTuple):
    """What a plan says of a picture, as far as labels need it."""

    label: str | None = None
    abnormal: bool | None = None
    split: str | None = None
    origin: str | None = None


_NOTHING = _Said()


def labels_of(places: Places, left_out: Collection[str] = ()) -> JoinedLabels:
    """Return the rows of the labels table: one a published picture, in the order of the images table.

    Pictures of the batches that are `left_out` have no row, so no model learns from them or is judged on them.

    Plans are read in the order in which they were opened, and what a later one says of a picture wins, so a corrected
    labels file corrects the labels. A picture of which no plan says anything, and one whose label is no word that the
    store knows, has a row without label: what is no known word may be a name, and stays in the raw zone. Subjects come
    from the images table, where they are pseudonyms already.
    """
    said, words = _said(places), known_words(places)
    parts = [_of_a_batch(places, part, left_out, said, words) for part in IMAGES.parts(places)]
    frames = [part.frame for part in parts if len(part.frame)]
    frame = pd.concat(frames, ignore_index=True) if frames else LABELS.frame([])
    return JoinedLabels(frame, sum(part.held_back for part in parts))


def _of_a_batch(
    places: Places, part: str, left_out: Collection[str], said: Mapping[bytes, _Said], words: LabelWords
) -> JoinedLabels:
    images = IMAGES.read(places, part, columns=OF_AN_IMAGE)
    images = images[~images["batch"].isin([*left_out])].reset_index(drop=True)
    found = [said.get(bytes.fromhex(sha256), _NOTHING) for sha256 in images["sha256"]]
    rows = {one: _row(one, words) for one in set(found)}
    origins = [one.origin or origin for one, origin in zip(found, images["origin"], strict=True)]
    columns = {name: [rows[one][name] for one in found] for name in ("label", "findings", "abnormal", "split_given")}
    frame = LABELS.typed(images[["image", "subject"]].assign(origin=origins, **columns))
    return JoinedLabels(frame, sum(one.label is not None and rows[one]["label"] is None for one in found))


def held_back(places: Places, batches: Sequence[str]) -> int:
    """Return of how many published pictures that these batches speak of the label is held back."""
    words = known_words(places)
    hashes: set[str] = set()
    for batch in batches:
        for sha256, file in hashed_files(places, read_plan(places, batch)):
            if file.label is not None and not words.know(file.label):
                hashes.add(sha256)
    return len(published_among(places, hashes))


def _said(places: Places) -> dict[bytes, _Said]:
    """Return by raw hash what the plans say last of a picture; equal sayings are one object, and no plan is held."""
    said: dict[bytes, _Said] = {}
    known: dict[_Said, _Said] = {}
    for plan in plans(places):
        for sha256, file in hashed_files(places, plan):
            one = _Said(file.label, file.abnormal, file.split, file.origin)
            key = bytes.fromhex(sha256)
            if key not in said or one != _NOTHING:
                said[key] = known.setdefault(one, one)
    return said


def _row(said: _Said, words: LabelWords) -> dict[str, Any]:
    """Return what stands in the row of a picture of which this is said: words, as far as they are known."""
    label = said.label if said.label and words.know(said.label) else None
    abnormal = said.abnormal if label else None
    findings = None if label is None or abnormal is None else joined(findings_of(label, words, abnormal=abnormal))
    return {
        "label": " ".join(label.split()) if label else None,
        "findings": findings,
        "abnormal": abnormal,
        "split_given": said.split,
    }
