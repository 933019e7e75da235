"""Map masks: what a heat map calls abnormal, as masks, boxes and transparent red, at one threshold for all pictures."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xray_platform.atomic import atomic_write
from xray_platform.bounding_box import BoundingBox
from xray_platform.evaluation.gallery import Samples, outlined
from xray_platform.evaluation.heatmap import Bytes, Images
from xray_platform.evaluation.map_in_boxes import FindingBox

SMALLEST = 0.002  # of the picture: a region that covers less is a speck, and no mask has it
RED, OPACITY = (255, 0, 0), 0.35
BOXES_FILE = "heatmaps/boxes.csv"
HEAD = ("image", "top", "left", "height", "width", "area", "peak")
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class MaskBox:
    """The box around one region of a mask, in pixels; `area` is that of the region, `peak` the map's highest value."""

    box: BoundingBox
    area: int
    peak: float


def mask_of(heat: Images, threshold: float) -> Mask:
    """Return which pixels of a map (S, S) lie at or above the threshold, without specks."""
    above = np.nan_to_num(heat, nan=-np.inf) >= threshold
    count, regions, facts, _ = cv2.connectedComponentsWithStats(above.astype(np.uint8), connectivity=8)
    large = [label for label in range(1, count) if facts[label, cv2.CC_STAT_AREA] >= SMALLEST * heat.size]
    return np.isin(regions, large)


def boxes_of(mask: Mask, heat: Images) -> list[MaskBox]:
    """Return the box around each region of a mask (S, S), that with the highest value of the map first."""
    count, regions, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    found = []
    for label in range(1, count):
        left, top, width, height, area = (int(value) for value in facts[label])
        found.append(MaskBox(BoundingBox(top, left, height, width), area, float(heat[regions == label].max())))
    return sorted(found, key=lambda one: -one.peak)


def marked(image: Images, mask: Mask, boxes: Sequence[MaskBox]) -> Bytes:
    """Return a picture (S, S) in [0, 1] with the mask in transparent red and its boxes, uint8 (S, S, 3)."""
    grey = np.round(np.clip(np.nan_to_num(image), 0, 1) * 255)[..., None].repeat(3, axis=-1)
    red = np.where(mask[..., None], (1 - OPACITY) * grey + OPACITY * np.array(RED), grey)
    return outlined(np.asarray(np.round(red), np.uint8), [FindingBox("", one.box) for one in boxes])


def write_masks(folder: Path, samples: Samples, threshold: float | None) -> None:
    """Write `heatmaps/<image>_mask.png` (255 where abnormal), `<image>_marked.png`, and `boxes.csv` of all pictures.

    Nothing is written without maps or a threshold.
    """
    if samples.heatmaps is None or threshold is None or not samples.names:
        return
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(HEAD)
    for name, image, heat in zip(samples.names, samples.images, samples.heatmaps, strict=True):
        mask = mask_of(heat, threshold)
        boxes = boxes_of(mask, heat)
        Image.fromarray(mask.astype(np.uint8) * np.uint8(255)).save(folder / "heatmaps" / f"{name}_mask.png")
        Image.fromarray(marked(image, mask, boxes)).save(folder / "heatmaps" / f"{name}_marked.png")
        for one in boxes:
            place = (one.box.top, one.box.left, one.box.height, one.box.width)
            rows.writerow([name, *place, one.area, f"{one.peak:.6g}"])
    atomic_write(folder / BOXES_FILE, table.getvalue())
