"""Posterior: from the likelihood of single pixels to how probable each grey level is, given a neighbourhood."""

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.repair.find_colour_map import BANDS
from xray_platform.imaging.repair.level_prior import level_prior
from xray_platform.imaging.repair.levels import Grey
from xray_platform.imaging.repair.likelihood import Channels, Volume, distance_log_likelihood

LEVELS = (np.arange(BANDS, dtype=np.float32) + 0.5) * (256 / BANDS) - 0.5
"""The grey level in the middle of each band, 0 to 255."""
MAPS = 8
"""Maps that `posterior_maps` returns."""
FINE, COARSE = (0.6, 0.5), (1.6, 0.3)
"""Reach in pixels and weight of the two neighbourhoods behind these maps."""


def pool_likelihood(log_likelihood: Volume, reach: float, weight: float) -> Volume:
    """Return the log-likelihood of each neighbourhood: the sum over the pixels that a Gaussian of this reach covers."""
    count = np.float32(weight * 4 * np.pi * reach**2)
    return np.stack([cv2.GaussianBlur(plane, (0, 0), reach) for plane in log_likelihood]) * count


def softmax(logarithm: Volume) -> Volume:
    """Return probabilities that add up to 1 over the bands."""
    posterior = np.exp(logarithm - logarithm.max(axis=0))
    return np.asarray(posterior / posterior.sum(axis=0), np.float32)


def expected_level(posterior: Volume) -> Grey:
    """Return the posterior mean level (rows, columns; 0 to 255)."""
    return np.asarray(np.tensordot(LEVELS, posterior, axes=1), np.float32)


def log_level_prior() -> NDArray[np.float32]:
    """Return the logarithm of how common each band is in chest films, shaped to be added to a volume."""
    return np.asarray(np.log(level_prior())[:, None, None], np.float32)


def posterior_maps(levels: NDArray[np.float32], channels: Channels) -> NDArray[np.float32]:
    """Return the colours (r, c, 3; 0 to 255) and what they say of the grey level: (8, rows, columns) in [0, 1].

    Red, green, blue; mean and twice the standard deviation of the level that a small neighbourhood gives, the same
    from a larger one; and 1 where the picture is usable. This is what a learnt restorer sees: the posterior says what
    the map means, whichever it is, and the colours keep what pooling has blurred.
    """
    log_likelihood = distance_log_likelihood(channels)
    maps = [plane / 255 for plane in np.moveaxis(levels, 2, 0)]
    for reach, weight in (FINE, COARSE):
        posterior = softmax(pool_likelihood(log_likelihood, reach, weight) + 0.5 * log_level_prior())
        mean = expected_level(posterior)
        spread = np.sqrt(np.maximum(np.tensordot(LEVELS**2, posterior, axes=1) - mean**2, 0))
        maps += [mean / 255, np.clip(spread / 127.5, 0, 1)]
    seen = channels.usable.astype(np.float32)
    return np.asarray(np.stack([*(values * seen for values in maps), seen]), np.float32)
