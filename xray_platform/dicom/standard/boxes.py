"""Boxes: bring what people drew around findings from the pixels of their files into those of the standard images."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd

from xray_platform.bounding_box import BoundingBox
from xray_platform.dicom.intake.batch_plan import BatchPlan, plans_with_boxes
from xray_platform.dicom.intake.box_file import SIDES, GivenBox
from xray_platform.dicom.intake.hashed_files import hashed_files
from xray_platform.dicom.intake.label_findings import NORMAL_WORDS
from xray_platform.dicom.intake.label_words import LabelWords, known_words, spelt
from xray_platform.dicom.pixels.orientation import TURNED_FROM
from xray_platform.tables.all import BOXES, STANDARD_IMAGES
from xray_platform.tables.columns import Refused
from xray_platform.tables.places import Places

SLACK = 1.0  # pixel; what reaches out of the picture by no more was rounded, and is cut off


@dataclass(frozen=True)
class JoinedBoxes:
    """Rows of the table of boxes, and how many boxes were drawn in files that are not there."""

    frame: pd.DataFrame
    of_no_file: int


@dataclass(frozen=True)
class _Stored:
    """A standard image: its shape, and from which orientation it was turned."""

    rows: int
    columns: int
    turned_from: str


def boxes_of(places: Places, batches: Collection[str] | None = None) -> JoinedBoxes:
    """Return the rows of the table of boxes: one a box, with its place in the standard image or why it is not used.

    Plans are read in the order in which they were opened, and the boxes that a later one draws in a picture take the
    place of the earlier ones. With `batches` only the plans of these are read.
    """
    said: dict[str, tuple[GivenBox, ...]] = {}
    lost: dict[str, int] = {}
    for plan in plans_with_boxes(places, batches):
        said |= _boxes_in(places, plan)
        if plan.boxes_sha256:
            lost[plan.source] = plan.boxes_of_no_file
    images, words = _standard_images(places) if said else {}, known_words(places)
    rows = [
        {"image": image, "box": number, **_row(box, images.get(image), words)}
        for image, boxes in sorted(said.items())
        for number, box in enumerate(boxes, start=1)
    ]
    return JoinedBoxes(BOXES.frame(rows), sum(lost.values()))


def place_in_standard(box: BoundingBox, rows: int, columns: int, turned_from: str) -> BoundingBox:
    """Return where a box, in pixels as stored, lies in the standard image of these rows and columns."""
    turn = TURNED_FROM[turned_from]
    return turn.box(box, *((columns, rows) if turn.transpose else (rows, columns)))


def _boxes_in(places: Places, plan: BatchPlan) -> dict[str, tuple[GivenBox, ...]]:
    """Return the boxes that a plan draws, by image."""
    return {sha256[:16]: file.boxes for sha256, file in hashed_files(places, plan) if file.boxes is not None}


def _standard_images(places: Places) -> dict[str, _Stored]:
    columns = ("image", "rows", "columns", "turned_from")
    frame = STANDARD_IMAGES.read(places, columns=columns)
    shapes = zip(*(frame[column] for column in columns), strict=True)
    return {image: _Stored(int(rows), int(columns), turned_from) for image, rows, columns, turned_from in shapes}


def _row(box: GivenBox, image: _Stored | None, words: LabelWords) -> dict[str, Any]:
    """Return the finding of a box, with its place or with why it is refused."""
    known = words.know_word(box.finding) and spelt(box.finding) not in {spelt(word) for word in NORMAL_WORDS}
    finding = spelt(box.finding) if known else None
    placed = _placed(box, image)
    if isinstance(placed, BoundingBox) and finding is not None:
        return {"finding": finding, **vars(placed)}
    return {"finding": finding, "refused": _unnamed(box, words) if isinstance(placed, BoundingBox) else placed}


def _unnamed(box: GivenBox, words: LabelWords) -> Refused:
    return "no finding" if not box.finding or words.know_word(box.finding) else "held back"


def _placed(box: GivenBox, image: _Stored | None) -> BoundingBox | Refused:
    sides = [_number(getattr(box, side)) for side in SIDES]
    if image is None:
        return "no image"
    if any(side is None for side in sides):
        return "no number"
    left, top, width, height = (side for side in sides if side is not None)
    if width <= 0 or height <= 0:
        return "no area"
    placed = place_in_standard(BoundingBox(top, left, height, width), image.rows, image.columns, image.turned_from)
    return _inside(placed, image) or "outside"


def _inside(box: BoundingBox, image: _Stored) -> BoundingBox | None:
    """Return what of a box lies in the picture, unless it reaches out by more than rounding explains."""
    top, left = max(box.top, 0.0), max(box.left, 0.0)
    bottom, right = min(box.bottom, float(image.rows)), min(box.right, float(image.columns))
    cut = max(top - box.top, left - box.left, box.bottom - bottom, box.right - right)
    return (
        BoundingBox(top, left, bottom - top, right - left) if cut <= SLACK and bottom > top and right > left else None
    )


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None
