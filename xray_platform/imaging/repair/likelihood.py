"""Likelihood: how well each grey level explains each pixel's colour, learnt from the damaged picture itself."""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.sparse import csr_array

from xray_platform.imaging.repair.find_colour_map import BANDS
from xray_platform.imaging.repair.levels import Mask, to_byte
from xray_platform.imaging.repair.tiles import Tile

Volume = NDArray[np.float32]
"""(bands, rows, columns): one number for each band of grey level and pixel."""
BINS = 64
"""Bins of a channel's value in the tables of counts."""


@dataclass(frozen=True)
class Channels:
    """A coloured picture turned into channels whose noise is independent, each with its own strength.

    `values` (3, rows, columns) and the map's `curve` (64, 3) in units of the noise; `trust` (3,) says how many
    independent pixels one pixel of a channel is worth, since noise that neighbours share (JPEG halves the resolution
    of colour) must not be counted twice.
    """

    values: NDArray[np.float32] = field(repr=False)
    curve: NDArray[np.float32] = field(repr=False)
    scatter: NDArray[np.float32]
    trust: NDArray[np.float32]
    usable: Mask = field(repr=False)

    def crop(self, tile: Tile) -> "Channels":
        """Return a part of the picture; what is known of the noise stays that of the whole."""
        return replace(self, values=self.values[:, *tile], usable=self.usable[tile])


def separate(levels: NDArray[np.float32], curve: NDArray[np.float32], usable: Mask) -> Channels:
    """Return the channels of a picture (r, c, 3; 0 to 255) and of its map's curve, noise made independent.

    Noise is what a 5 x 5 median removes; its covariance gives the axes and their scale.
    """
    noise = np.clip(levels - cv2.medianBlur(to_byte(levels), 5), -100, 100)
    seen = noise[usable].astype(np.float64)
    power, axes = np.linalg.eigh(np.cov(seen.T) + 4.0 * np.eye(3))
    whiten = (axes / np.sqrt(power)).astype(np.float32)
    values = np.moveaxis(levels @ whiten, 2, 0)
    residual = np.moveaxis(noise @ whiten, 2, 0)
    scatter = np.array([np.abs(channel[usable]).mean() for channel in residual], np.float32)
    trust = np.array([_independent(channel, usable) for channel in residual], np.float32)
    return Channels(np.ascontiguousarray(values), curve @ whiten, np.maximum(scatter, 0.05), trust, usable)


def distance_log_likelihood(channels: Channels) -> Volume:
    """Return the logarithm of the likelihood by distance alone: Laplace noise around the map's colours."""
    total = np.zeros((BANDS, *channels.usable.shape), np.float32)
    for k in range(3):
        distance = np.abs(channels.values[k][None] - channels.curve[:, k, None, None])
        total -= distance * (channels.trust[k] / channels.scatter[k])
    return total * channels.usable


def learnt_log_likelihood(channels: Channels, posterior: Volume, blur: float) -> Volume:
    """Return the logarithm of the likelihood by tables of how each level's pixels are spread in each channel.

    `posterior` (sums to 1 over the bands) says which level each pixel probably has; the tables count over the picture,
    so they fit noise of any distribution: clipped, one-sided, growing with level. `blur` joins neighbouring bands.
    """
    total = np.zeros((BANDS, *channels.usable.shape), np.float32)
    seen = posterior[:, channels.usable]
    for k in range(3):
        bins = _binned(channels.values[k], channels.usable)
        ones = csr_array(
            (np.ones(seen.shape[1], np.float32), (np.arange(seen.shape[1]), bins[channels.usable])),
            shape=(seen.shape[1], BINS),
        )
        table = (ones.T @ seen.T).T
        table = gaussian_filter1d(gaussian_filter1d(table, blur, axis=0), 0.8, axis=1) + 1.0
        total += channels.trust[k] * np.log(table / table.sum(axis=1, keepdims=True))[:, bins]
    return total * channels.usable


def _binned(values: NDArray[np.float32], usable: Mask) -> NDArray[np.intp]:
    low, high = np.quantile(values[usable], (0.001, 0.999))
    return np.asarray(np.clip((values - low) * (BINS / max(high - low, 1e-6)), 0, BINS - 1), np.intp)


def _independent(residual: NDArray[np.float32], usable: Mask) -> float:
    """Return how many independent pixels one is worth, from the correlation of noise with its neighbours'."""
    kept = np.where(usable, residual, 0)
    power = float((kept**2).mean())
    if power == 0:
        return 1.0
    right = float((kept[:, 1:] * kept[:, :-1]).mean()) / power
    below = float((kept[1:] * kept[:-1]).mean()) / power
    across = max(right, 0.0) + max(below, 0.0)
    return 1.0 / (1.0 + 2 * across + across**2)
