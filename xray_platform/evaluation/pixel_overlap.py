"""Pixel overlap: how the coloured part of a map covers what people drew, at one threshold and over all of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xray_platform.image_stack import Images

Mask = NDArray[np.bool_]
PRO_LIMIT = 0.3  # of false alarms among pixels outside, up to which the per-region overlap is taken (as published)
STEPS = 60


def iou_dice(coloured: Mask, drawn: Mask) -> tuple[float, float]:
    """Return intersection over union, and the Dice coefficient, of two masks; 0 where they share nothing.

    >>> iou_dice(np.array([True, True, False]), np.array([False, True, True]))
    (0.3333333333333333, 0.5)
    """
    both, either = float((coloured & drawn).sum()), float((coloured | drawn).sum())
    return (both / either, 2 * both / (float(coloured.sum()) + float(drawn.sum()))) if either else (0.0, 0.0)


def per_region_overlap(heat: Images, regions: Sequence[Mask]) -> float | None:
    """Return the per-region overlap (PRO; Bergmann et al., CVPR 2020) of a map, from 0 to 1; None with nothing outside.

    The mean share of each region that lies above a threshold, averaged over the thresholds at which up to `PRO_LIMIT`
    of the pixels outside of all regions do: small regions count as much as large ones.
    """
    drawn = np.logical_or.reduce(list(regions))
    outside = heat[~drawn]
    if not outside.size:
        return None
    alarms = np.linspace(0, PRO_LIMIT, STEPS + 1)
    cuts = np.quantile(outside, 1 - alarms, method="higher")
    found = [np.mean([np.mean(heat[region] > cut) for region in regions]) for cut in cuts]
    return float(np.trapezoid(found, alarms) / PRO_LIMIT)
