"""Drawn boxes: the boxes of pictures in the pixels of their tensors, and maps of test pictures held against them."""

from collections import defaultdict
from dataclasses import dataclass

import pandas as pd

from xray_platform.bounding_box import BoundingBox
from xray_platform.defs.cohort import Cohort
from xray_platform.defs.read_parts import read_parts
from xray_platform.evaluation.heatmap import MapScale
from xray_platform.evaluation.map_in_boxes import (
    FindingBox,
    FindingInBoxes,
    MapInBoxes,
    boxes_inside,
    by_finding,
    hold_against,
)
from xray_platform.imaging.store.tensors import read_found
from xray_platform.models.contract import FittedModel
from xray_platform.progress import Progress, silent
from xray_platform.tables.all import BOXES, STANDARD_IMAGES

Drawn = dict[str, tuple[FindingBox, ...]]
AT_ONCE = 32
MOST_PICTURES = 500  # whose maps are held against boxes; making a map takes up to some hundredths of a second


@dataclass(frozen=True)
class MapsHeld:
    """How the maps of test pictures lie to the boxes of each finding, and how many pictures with boxes there are."""

    findings: tuple[FindingInBoxes, ...]
    pictures: int


def drawn_boxes(cohort: Cohort, rows: pd.DataFrame) -> Drawn:
    """Return the boxes of these pictures (columns image and batch), in pixels of the first recipe's tensors.

    Pictures without boxes are left out, and so is what the recipe cuts off. Raises StoreError where the record of what
    the recipe did is missing or damaged.
    """
    boxes = BOXES.read(cohort.places)
    boxes = boxes[boxes["refused"].isna() & boxes["image"].isin(rows["image"])]
    if boxes.empty:
        return {}
    batches = rows[rows["image"].isin(boxes["image"])].groupby("batch")["image"]
    found: Drawn = {}
    for batch, images in batches:
        found |= _of_batch(cohort, str(batch), boxes[boxes["image"].isin(images)])
    return found


def _of_batch(cohort: Cohort, batch: str, boxes: pd.DataFrame) -> Drawn:
    recipe = cohort.recipes[0]
    steps = read_found(cohort.places, recipe.id, batch)
    standard = STANDARD_IMAGES.read(cohort.places, batch, columns=("image", "rows", "columns"))
    shapes = dict(zip(standard["image"], zip(standard["rows"], standard["columns"], strict=True), strict=True))
    drawn: dict[str, list[FindingBox]] = defaultdict(list)
    for row in boxes.to_dict("records"):
        image = str(row["image"])
        box = BoundingBox(*(float(row[name]) for name in ("top", "left", "height", "width")))
        prepared = recipe.origin(shapes[image], steps[image]).inverse.box(box)
        drawn[image].append(FindingBox(str(row["finding"]), prepared))
    inside = {image: boxes_inside(found, cohort.side) for image, found in drawn.items()}
    return {image: found for image, found in inside.items() if found}


def hold_maps(cohort: Cohort, model: FittedModel, scale: MapScale | None, progress: Progress = silent) -> MapsHeld:
    """Hold the maps of the test pictures that have boxes against these; of very many, of the first by their names.

    Images are named by digests, so that these are a sample by chance. Some maps are made at a time.
    """
    rows = cohort.part("test").sort_values("image")
    drawn = drawn_boxes(cohort, rows)
    if not drawn:
        return MapsHeld((), 0)
    rows = rows[rows["image"].isin(list(drawn))]
    shown = rows.head(MOST_PICTURES)
    images = cohort.images(shown)
    held: list[MapInBoxes] = []
    for part, read in read_parts(model, images, AT_ONCE):
        names = shown["image"].iloc[part]
        for name, heat in zip(names, model.heatmap(read), strict=True):
            held += hold_against(heat, drawn[str(name)], scale)
        progress(min(part.stop, len(shown)), len(shown), "maps held against boxes")
    return MapsHeld(by_finding(held), len(rows))
