"""Grey noise: remove impulse, Gaussian or speckle noise from a grey picture, each by what suits it."""

from typing import Literal

import cv2
import numpy as np

from xray_platform.imaging.repair.channels import ChannelNoise, impulses_of
from xray_platform.imaging.repair.levels import Grey, Mask, to_byte
from xray_platform.imaging.repair.sliding_dct import denoise_dct

Denoiser = Literal["dct", "non_local_means"]


def remove_impulses(grey: Grey, usable: Mask) -> Grey:
    """Return the picture with thrown pixels set to the median of their undisturbed neighbours; others stay.

    The window grows from 3 to 7 pixels where the median is thrown itself (adaptive median, Hwang and Haddad 1995).
    """
    clean = grey.copy()
    left = impulses_of(grey) & usable
    for size in (3, 5, 7):
        middle = _median(grey, size)
        good = left & ~(impulses_of(middle, 5) & usable)
        clean[good] = middle[good]
        left &= ~good
    clean[left] = _median(clean, 5)[left]
    return clean


def remove_gaussian(grey: Grey, noise: ChannelNoise, denoiser: Denoiser) -> Grey:
    """Return the picture without noise of the same strength everywhere."""
    return _denoise(grey, noise.sigma, denoiser)


def remove_speckle(grey: Grey, noise: ChannelNoise, denoiser: Denoiser) -> Grey:
    """Return the picture without noise that grows with level.

    Levels are first bent so that the noise is equally strong everywhere: for strength base + growth * level, by the
    logarithm of that (homomorphic filtering).
    """
    growth, base = max(noise.growth, 1e-3), max(noise.base, 1.0)
    scale = 255.0 / np.log1p(255.0 * growth / base)
    bent = np.log1p(grey * np.float32(growth / base)) * np.float32(scale)
    clean = _denoise(bent.astype(np.float32), scale * growth, denoiser)
    return np.asarray(np.clip(np.expm1(clean / scale) * (base / growth), 0, 255), np.float32)


def _denoise(grey: Grey, sigma: float, denoiser: Denoiser) -> Grey:
    if denoiser == "dct":
        return denoise_dct(grey, sigma)
    wide = np.clip(np.rint(grey * 257), 0, 65535).astype(np.uint16)
    clean = cv2.fastNlMeansDenoising(wide, [0.9 * sigma * 257], None, 5, 15, cv2.NORM_L1)
    return np.asarray(clean, np.float32) / np.float32(257)


def _median(grey: Grey, size: int) -> Grey:
    """Return the median of a square window, in whole levels (OpenCV takes floats for small windows only)."""
    if size <= 5:
        return np.asarray(cv2.medianBlur(grey, size), np.float32)
    return cv2.medianBlur(to_byte(grey), size).astype(np.float32)
