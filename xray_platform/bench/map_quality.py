"""Map quality: whether heat maps point at what people drew boxes around, beside a centre prior and chance."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from xray_platform.bench.labelled_images import LabelledImages
from xray_platform.image_stack import Heatmaps

CENTRE_SPREAD = 0.25  # standard deviation of the centre prior, as a share of the side
FILE_SIDE = 512  # pixels of the files in which boxes are drawn


def box_masks(images: LabelledImages, side: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the numbers of the images with boxes, and which pixels of maps of `side` lie in one, (n, side, side)."""
    scale = side / FILE_SIDE
    names = images.rows["file"].str.split("/").str[-1].tolist()
    masks: dict[int, NDArray[np.bool_]] = {}
    for row in images.boxes.itertuples():
        if row.file not in names:
            continue
        number = names.index(str(row.file))
        mask = masks.setdefault(number, np.zeros((side, side), bool))
        x, y, width, height = (float(getattr(row, name)) * scale for name in ("x", "y", "width", "height"))
        mask[round(y) : round(y + height), round(x) : round(x + width)] = True
    numbers = np.array(sorted(masks), np.int64)
    return numbers, np.array([masks[number] for number in numbers], bool).reshape(-1, side, side)


def map_figures(maps: Heatmaps, masks: NDArray[np.bool_]) -> Mapping[str, float]:
    """Return how often a map's highest pixel lies in a box, and the mean AUROC and AP of its pixels."""
    pairs = list(zip(maps, masks, strict=True))
    return {
        "pointing game, hits, share": float(np.mean([mask.ravel()[heat.argmax()] for heat, mask in pairs])),
        "pixels, auroc": float(np.mean([pixel_auroc(heat, mask) for heat, mask in pairs])),
        "pixels, ap": float(np.mean([pixel_ap(heat, mask) for heat, mask in pairs])),
    }


def baselines(count: int, side: int, seed: int = 0) -> Mapping[str, Heatmaps]:
    """Return maps that have not seen the images: a bell in the middle, and noise."""
    along = np.linspace(-0.5, 0.5, side)
    bell = np.exp(-(along[:, None] ** 2 + along**2) / (2 * CENTRE_SPREAD**2)).astype(np.float32)
    noise = np.random.default_rng(seed).random((count, side, side), np.float32)
    return {"centre prior": np.broadcast_to(bell, (count, side, side)), "random map": noise}


def pixel_auroc(heat: Heatmaps, mask: NDArray[np.bool_]) -> float:
    """Return the probability that a pixel in a box is higher than one outside; ties count half."""
    from sklearn.metrics import roc_auc_score  # takes a second to import

    return float(roc_auc_score(mask.ravel(), heat.ravel()))


def pixel_ap(heat: Heatmaps, mask: NDArray[np.bool_]) -> float:
    """Return the average precision of a map's pixels."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(mask.ravel(), heat.ravel()))
