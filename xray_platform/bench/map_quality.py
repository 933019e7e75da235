"""Map quality: whether heat maps point at what people drew boxes around, beside a centre prior and chance."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from xray_platform.bench.labelled_images import LabelledImages
from xray_platform.bounding_box import BoundingBox
from xray_platform.evaluation.map_in_boxes import box_mask, pixel_ap, pixel_auroc, points_into
from xray_platform.image_stack import Heatmaps

CENTRE_SPREAD = 0.25  # standard deviation of the centre prior, as a share of the side
FILE_SIDE = 512  # pixels of the files in which boxes are drawn


def box_masks(images: LabelledImages, side: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the numbers of the images with boxes, and which pixels of maps of `side` lie in one, (n, side, side)."""
    scale = side / FILE_SIDE
    names = images.rows["file"].str.split("/").str[-1].tolist()
    boxes: dict[int, list[BoundingBox]] = {}
    for row in images.boxes.itertuples():
        if row.file in names:
            x, y, width, height = (float(getattr(row, name)) * scale for name in ("x", "y", "width", "height"))
            boxes.setdefault(names.index(str(row.file)), []).append(BoundingBox(y, x, height, width))
    numbers = np.array(sorted(boxes), np.int64)
    masks = [box_mask(boxes[int(number)], side) for number in numbers]
    return numbers, np.array(masks, bool).reshape(-1, side, side)


def map_figures(maps: Heatmaps, masks: NDArray[np.bool_]) -> Mapping[str, float]:
    """Return how often a map's highest pixel lies in a box, and the mean AUROC and AP of its pixels."""
    pairs = list(zip(maps, masks, strict=True))
    return {
        "pointing game, hits, share": float(np.mean([points_into(heat, mask) for heat, mask in pairs])),
        "pixels, auroc": float(np.mean([pixel_auroc(heat, mask) for heat, mask in pairs])),
        "pixels, ap": float(np.mean([pixel_ap(heat, mask) for heat, mask in pairs])),
    }


def baselines(count: int, side: int, seed: int = 0) -> Mapping[str, Heatmaps]:
    """Return maps that have not seen the images: a bell in the middle, and noise."""
    along = np.linspace(-0.5, 0.5, side)
    bell = np.exp(-(along[:, None] ** 2 + along**2) / (2 * CENTRE_SPREAD**2)).astype(np.float32)
    noise = np.random.default_rng(seed).random((count, side, side), np.float32)
    return {"centre prior": np.broadcast_to(bell, (count, side, side)), "random map": noise}
