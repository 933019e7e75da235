"""Belief: from the evidence of single pixels to what a neighbourhood says of each grey level."""

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.repair.find_colour_map import BANDS
from xray_platform.imaging.repair.level_prior import film_levels
from xray_platform.imaging.repair.levels import Grey
from xray_platform.imaging.repair.likelihood import Channels, Volume, first_evidence

LEVELS = (np.arange(BANDS, dtype=np.float32) + 0.5) * (256 / BANDS) - 0.5
"""The grey level in the middle of each band, 0 to 255."""
MAPS = 8
"""Maps that `evidence_maps` returns."""
FINE, COARSE = (0.6, 0.5), (1.6, 0.3)
"""Reach in pixels and weight of the two neighbourhoods behind these maps."""


def gather(evidence: Volume, reach: float, weight: float) -> Volume:
    """Return the evidence of each pixel's neighbourhood: as many pixels' as a Gaussian of this reach covers."""
    count = np.float32(weight * 4 * np.pi * reach**2)
    return np.stack([cv2.GaussianBlur(plane, (0, 0), reach) for plane in evidence]) * count


def believe(logarithm: Volume) -> Volume:
    """Return probabilities that add up to 1 over the bands."""
    belief = np.exp(logarithm - logarithm.max(axis=0))
    return np.asarray(belief / belief.sum(axis=0), np.float32)


def expect(belief: Volume) -> Grey:
    """Return the mean level (rows, columns; 0 to 255) of a belief."""
    return np.asarray(np.tensordot(LEVELS, belief, axes=1), np.float32)


def habit_of_films() -> NDArray[np.float32]:
    """Return the logarithm of how common each band is in chest films, shaped to be added to a volume."""
    return np.asarray(np.log(film_levels())[:, None, None], np.float32)


def evidence_maps(levels: NDArray[np.float32], channels: Channels) -> NDArray[np.float32]:
    """Return the colours (r, c, 3; 0 to 255) and what they say of the grey level: (8, rows, columns) in [0, 1].

    Red, green, blue; mean and twice the standard deviation of the level believed from a small neighbourhood, the same
    from a larger one; and 1 where the picture is usable. This is what a learnt restorer sees: the belief says what
    the map means, whichever it is, and the colours keep what the belief has blurred.
    """
    evidence = first_evidence(channels)
    maps = [plane / 255 for plane in np.moveaxis(levels, 2, 0)]
    for reach, weight in (FINE, COARSE):
        belief = believe(gather(evidence, reach, weight) + 0.5 * habit_of_films())
        mean = expect(belief)
        spread = np.sqrt(np.maximum(np.tensordot(LEVELS**2, belief, axes=1) - mean**2, 0))
        maps += [mean / 255, np.clip(spread / 127.5, 0, 1)]
    seen = channels.usable.astype(np.float32)
    return np.asarray(np.stack([*(values * seen for values in maps), seen]), np.float32)
