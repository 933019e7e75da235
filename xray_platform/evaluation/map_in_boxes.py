"""Map in boxes: whether heat maps point at what people drew boxes around."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xray_platform.bounding_box import BoundingBox
from xray_platform.evaluation.heatmap import MapScale, strength
from xray_platform.evaluation.pixel_overlap import iou_dice, per_region_overlap
from xray_platform.image_stack import Images

ALL = "all findings"

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class FindingBox:
    """A box around a finding, in pixels of the heat map."""

    finding: str
    box: BoundingBox


@dataclass(frozen=True)
class MapInBoxes:
    """One map held against the boxes of one finding in its picture.

    `hit`: its highest pixel lies in a box. `share`: of its colour that lies in one, None where it has no colour.
    `area`: of the picture that the boxes cover. `auroc`: how well its values tell pixels in boxes from others, None
    where the boxes cover all or nothing; `ap`: their average precision. `iou`, `dice`: of what is coloured and what is
    in boxes, None without a scale. `pro`: the per-region overlap.
    """

    finding: str
    boxes: int
    hit: bool
    share: float | None
    area: float
    auroc: float | None
    ap: float | None = None
    iou: float | None = None
    dice: float | None = None
    pro: float | None = None


@dataclass(frozen=True)
class FindingInBoxes:
    """The maps of all pictures with boxes around a finding: their number, that of the boxes, hits, and means."""

    finding: str
    pictures: int
    boxes: int
    hits: int
    share: float | None
    area: float
    auroc: float | None
    ap: float | None = None
    iou: float | None = None
    dice: float | None = None
    pro: float | None = None

    @property
    def hit_share(self) -> float:
        """The pointing game: of how many maps the highest pixel lies in a box."""
        return self.hits / self.pictures


def box_mask(boxes: Iterable[BoundingBox], side: int) -> Mask:
    """Return which pixels of a map (side, side) lie in a box: by rounded edges, at least one pixel each."""
    mask = np.zeros((side, side), bool)
    for box in boxes:
        (top, bottom), (left, right) = _span(box.top, box.bottom, side), _span(box.left, box.right, side)
        mask[top:bottom, left:right] = True
    return mask


def boxes_inside(boxes: Iterable[FindingBox], side: int) -> tuple[FindingBox, ...]:
    """Return of the boxes what lies in a picture of this side; a recipe may have cut off others."""
    kept = []
    for one in boxes:
        top, left = max(one.box.top, 0.0), max(one.box.left, 0.0)
        box = BoundingBox(top, left, min(one.box.bottom, side) - top, min(one.box.right, side) - left)
        if box.height > 0 and box.width > 0:
            kept.append(FindingBox(one.finding, box))
    return tuple(kept)


def hold_against(heat: Images, boxes: Sequence[FindingBox], scale: MapScale | None) -> tuple[MapInBoxes, ...]:
    """Return a map (S, S) held against the boxes of its picture: of each finding, and of all of them."""
    findings = sorted({one.finding for one in boxes})
    colour = None if scale is None else strength(heat, scale)
    return tuple(
        _held(heat, colour, name, [one.box for one in boxes if name in (one.finding, ALL)])
        for name in (*findings, ALL)
        if boxes
    )


def by_finding(held: Iterable[MapInBoxes]) -> tuple[FindingInBoxes, ...]:
    """Return hits and means of each finding, in the order of the alphabet, and of all where there are several."""
    listed = list(held)
    names = sorted({one.finding for one in listed} - {ALL})
    wanted = [*names, *([ALL] if len(names) > 1 else [])]
    return tuple(_mean(name, [one for one in listed if one.finding == name]) for name in wanted)


def points_into(heat: Images, mask: Mask) -> bool:
    """Say whether the highest pixel of a map lies in the mask; a map without any height points nowhere."""
    return bool(heat.max() > heat.min() and mask.ravel()[heat.argmax()])


def pixel_auroc(heat: Images, mask: Mask) -> float:
    """Return the probability that a pixel in a box is higher than one outside; ties count half."""
    from sklearn.metrics import roc_auc_score  # takes a second to import

    return float(roc_auc_score(mask.ravel(), heat.ravel()))


def pixel_ap(heat: Images, mask: Mask) -> float:
    """Return the average precision of a map's pixels."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(mask.ravel(), heat.ravel()))


def _span(start: float, stop: float, side: int) -> tuple[int, int]:
    first = min(max(round(start), 0), side - 1)
    return first, min(max(round(stop), first + 1), side)


def _held(heat: Images, colour: Images | None, finding: str, boxes: Sequence[BoundingBox]) -> MapInBoxes:
    mask = box_mask(boxes, heat.shape[-1])
    total = 0.0 if colour is None else float(colour.sum())
    iou, dice = (None, None) if colour is None else iou_dice(colour > 0, mask)
    return MapInBoxes(
        finding=finding,
        boxes=len(boxes),
        hit=points_into(heat, mask),
        share=float(colour[mask].sum()) / total if colour is not None and total > 0 else None,
        area=float(mask.mean()),
        auroc=None if mask.all() else pixel_auroc(heat, mask),
        ap=None if mask.all() else pixel_ap(heat, mask),
        iou=iou,
        dice=dice,
        pro=per_region_overlap(heat, [box_mask([box], heat.shape[-1]) for box in boxes]),
    )


def _mean(finding: str, held: Sequence[MapInBoxes]) -> FindingInBoxes:
    return FindingInBoxes(
        finding=finding,
        pictures=len(held),
        boxes=sum(one.boxes for one in held),
        hits=sum(one.hit for one in held),
        share=_mean_of([one.share for one in held]),
        area=float(np.mean([one.area for one in held])),
        auroc=_mean_of([one.auroc for one in held]),
        ap=_mean_of([one.ap for one in held]),
        iou=_mean_of([one.iou for one in held]),
        dice=_mean_of([one.dice for one in held]),
        pro=_mean_of([one.pro for one in held]),
    )


def _mean_of(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
