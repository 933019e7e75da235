"""Channels: which channel carries how much noise, and of which kind."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.repair.levels import Mask, to_byte

NAMES = {1: ("grey",), 3: ("red", "green", "blue")}
BANDS = 6
"""Bands of level in which the strength of noise is compared."""


@dataclass(frozen=True)
class ChannelNoise:
    """Noise of one channel, in levels of 0 to 255."""

    channel: str
    sigma: float
    """Standard deviation of fine noise: median absolute diagonal detail / 0.6745 (Donoho and Johnstone 1994)."""
    impulses: float
    """Share of pixels more than 40 levels off the median of their neighbours, alone or nearly so."""
    growth: float
    """Slope of the noise's strength against level, as a share: 0 for Gaussian noise, 0.1 for 10 % speckle."""
    base: float
    """Strength of noise that this slope leaves at level 0."""

    def describe(self) -> str:
        """Return the figures in words."""
        return f"{self.channel} {self.sigma:.1f} levels, {self.impulses:.1%} impulses"


def measure_noise(levels: NDArray[np.float32], usable: Mask) -> tuple[ChannelNoise, ...]:
    """Return the noise of each channel of a picture (r, c, n; levels 0 to 255) in its usable pixels."""
    names = NAMES[levels.shape[2]]
    return tuple(_measure(np.ascontiguousarray(levels[..., k]), usable, name) for k, name in enumerate(names))


def impulses_of(channel: NDArray[np.float32], size: int = 3, jump: float = 40.0) -> Mask:
    """Return pixels that jump from the median of their neighbourhood and lie at its very top or bottom."""
    middle = cv2.medianBlur(to_byte(channel), size).astype(np.float32)
    box = np.ones((3, 3), np.uint8)
    extreme = (channel >= cv2.dilate(channel, box)) | (channel <= cv2.erode(channel, box))
    return np.asarray((np.abs(channel - middle) > jump) & extreme)


def _measure(channel: NDArray[np.float32], usable: Mask, name: str) -> ChannelNoise:
    detail, local, where = _diagonal(channel, usable)
    if detail.size < 64:
        return ChannelNoise(name, 0.0, 0.0, 0.0, 0.0)
    sigma = float(np.median(np.abs(detail)) / 0.6745)
    outliers = impulses_of(channel, jump=max(40.0, 4 * sigma)) & usable
    growth, base = _growth(detail, local)
    return ChannelNoise(name, sigma, float(outliers.sum() / max(where, 1)), growth, base)


def _diagonal(channel: NDArray[np.float32], usable: Mask) -> tuple[NDArray[np.float32], NDArray[np.float32], int]:
    """Return diagonal Haar details and local means of 2 x 2 blocks that are usable and not clipped."""
    rows, columns = channel.shape[0] // 2 * 2, channel.shape[1] // 2 * 2
    a, b = channel[0:rows:2, 0:columns:2], channel[0:rows:2, 1:columns:2]
    c, d = channel[1:rows:2, 0:columns:2], channel[1:rows:2, 1:columns:2]
    whole = usable[0:rows:2, 0:columns:2] & usable[1:rows:2, 1:columns:2]
    detail = np.asarray((a - b - c + d) / 2, np.float32)
    local = np.asarray((a + b + c + d) / 4, np.float32)
    inside = whole & (local > 4) & (local < 251)
    return detail[inside], local[inside], int(usable.sum())


def _growth(detail: NDArray[np.float32], local: NDArray[np.float32]) -> tuple[float, float]:
    """Return slope and offset of the noise's strength against level, through bands of equal count."""
    edges = np.quantile(local, np.linspace(0, 1, BANDS + 1))
    band = np.clip(np.searchsorted(edges, local, side="right") - 1, 0, BANDS - 1)
    counts = np.bincount(band, minlength=BANDS)
    if (counts < 20).any() or edges[-1] - edges[0] < 20:
        return 0.0, float(np.median(np.abs(detail)) / 0.6745)
    level = np.array([np.median(local[band == k]) for k in range(BANDS)])
    strength = np.array([np.median(np.abs(detail[band == k])) / 0.6745 for k in range(BANDS)])
    slope, base = np.polyfit(level, strength, 1)
    return float(slope), float(base)
