"""Colours to grey: bring a false-coloured, noisy picture back to grey."""

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.ndimage import gaussian_filter1d

from xray_platform.imaging.repair.find_colour_map import BANDS
from xray_platform.imaging.repair.level_prior import level_prior
from xray_platform.imaging.repair.levels import Grey, Mask
from xray_platform.imaging.repair.likelihood import (
    Channels,
    Volume,
    distance_log_likelihood,
    learnt_log_likelihood,
    separate,
)
from xray_platform.imaging.repair.posterior import LEVELS, expected_level, log_level_prior, pool_likelihood, softmax
from xray_platform.imaging.repair.sliding_dct import denoise_dct
from xray_platform.imaging.repair.tiles import in_tiles
from xray_platform.settings import Settings

SAME = 12.0
"""Two colours that differ by less (levels) cannot be told apart under noise."""
AIR_DEPTH = 4.0
"""Distance in pixels over which darkness beside the body turns to air."""


class InversionSettings(Settings):
    """How grey levels are found behind the colours of a painted picture."""

    reach: float = Field(
        1.4, ge=0.5, le=5, description="pixels over which the likelihood is pooled at first (Gaussian)"
    )
    fine_reach: float = Field(0.7, ge=0.4, le=5, description="the same, once neighbouring levels are known")
    weight: float = Field(0.3, gt=0, le=1, description="share of the pooled likelihood that counts at first")
    fine_weight: float = Field(0.4, gt=0, le=1, description="the same, once neighbouring levels are known")
    rounds: int = Field(1, ge=0, le=10, description="how often the tables of noise are learnt again")
    level_prior_weight: float = Field(
        0.5, ge=0, le=2, description="weight at first of how common each level is in chest films"
    )
    air: float = Field(
        3.0, ge=0, le=10, description="how strongly the wide darkest areas count as air, which is black on a film"
    )
    strengths: tuple[float, ...] = Field(
        (12.0, 8.0, 6.0), description="how far, in levels of 255, a pixel may stray from its smoothed neighbours"
    )


def invert_colours(
    levels: NDArray[np.float32], curve: NDArray[np.float32], usable: Mask, settings: InversionSettings
) -> Grey:
    """Return the grey levels (r, c; 0 to 255) behind a painted picture (r, c, 3; 0 to 255).

    Nearest colour alone fails under noise, and where the map or a clipped tone curve has one colour for many levels.
    So each pixel keeps its likelihood for every level; the noise's distribution in each channel is learnt from the
    picture itself (expectation and maximisation); and a smooth picture is sought that agrees with it, by turns of
    smoothing and of weighing the smoothed level against the likelihood (plug-and-play half-quadratic splitting,
    Venkatakrishnan et al. 2013). Where the colours leave a range of levels open, the smoothing fills it from its
    borders.
    """
    channels = separate(levels, curve, usable)
    return in_tiles(usable.shape, lambda tile: _invert(channels.crop(tile), curve, settings))


def _invert(channels: Channels, curve: NDArray[np.float32], settings: InversionSettings) -> Grey:
    usable, prior, weight = channels.usable, log_level_prior(), settings.level_prior_weight
    log_likelihood = distance_log_likelihood(channels)
    posterior = softmax(pool_likelihood(log_likelihood, settings.reach, settings.weight) + weight * prior)
    for _ in range(settings.rounds if usable.any() else 0):
        log_likelihood = learnt_log_likelihood(channels, posterior, blur=2.0)
        prior = _log_prior(posterior, usable)
        posterior = softmax(pool_likelihood(log_likelihood, settings.reach, settings.weight) + weight * prior)
    grey = expected_level(posterior)
    near = pool_likelihood(log_likelihood, settings.fine_reach, settings.fine_weight)
    near += log_level_prior()
    near[0] += settings.air * _air(grey, curve, usable)
    for strength in settings.strengths:
        smooth = denoise_dct(grey, strength)
        pull = (LEVELS[:, None, None] - smooth[None]) ** 2 / np.float32(2 * strength**2)
        grey = expected_level(softmax(near - pull))
    return grey


def _log_prior(posterior: Volume, usable: Mask) -> NDArray[np.float32]:
    """Return the logarithm of how common each level is: in this picture, and a little in all chest films."""
    counts = gaussian_filter1d(posterior[:, usable].mean(axis=1).astype(np.float64), 3.0)
    shares = 0.8 * counts / counts.sum() + 0.2 * level_prior()
    return np.asarray(np.log(shares)[:, None, None], np.float32)


def _air(grey: Grey, curve: NDArray[np.float32], usable: Mask) -> Grey:
    """Return how surely each pixel is air, 0 to 1: it lies inside an area too dark for the colours to say how dark.

    The scatter around the body is not black, so certainty grows with the distance from anything brighter.
    """
    like_black = np.linalg.norm(curve - curve[0], axis=1) < SAME
    last = int(np.argmin(like_black)) - 1 if not like_black.all() else BANDS - 1
    dark = (grey < LEVELS[max(last, 0)]) & usable
    distance = cv2.distanceTransform(dark.astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(np.clip(distance / AIR_DEPTH - 0.5, 0, 1), np.float32)
