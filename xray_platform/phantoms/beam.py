"""Beam: from attenuation to the grey values of a detector: absorption, scatter, blur, quantum noise, tone curve."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.frame import Field
from xray_platform.phantoms.parameters import Technique
from xray_platform.phantoms.vendors import VENDORS, tone

QUANTA = 2600.0  # quanta that a pixel of 0.4 mm counts in the direct beam at exposure 1
NOISE_SIDE = 1536
WHITE = 4095


def expose(attenuation: Field, technique: Technique, spacing_mm: float) -> Field:
    """Return the dose at the detector relative to the direct beam: primary exp(-attenuation) plus smooth scatter."""
    primary = cv2.exp(-attenuation)
    rows, columns = primary.shape
    small = cv2.resize(primary, (max(columns // 16, 8), max(rows // 16, 8)), interpolation=cv2.INTER_AREA)
    veil = cv2.GaussianBlur(small, (0, 0), 42 / (16 * spacing_mm), borderType=cv2.BORDER_REFLECT)
    veil *= technique.scatter
    return np.asarray(primary + cv2.resize(veil, (columns, rows), interpolation=cv2.INTER_LINEAR))


def log_signal(dose: Field, technique: Technique, spacing_mm: float, seed: int) -> Field:
    """Return the negative logarithm of the counted dose: blurred by the detector, grained by counting quanta."""
    if technique.blur_pixels > 0.2:
        dose = cv2.GaussianBlur(dose, (0, 0), technique.blur_pixels)
    signal = -cv2.log(dose)
    grain = _grain(dose.shape, seed)
    grain *= 1 / np.sqrt(QUANTA * technique.exposure * (spacing_mm / 0.4) ** 2)
    grain *= cv2.exp(0.5 * signal)
    return np.asarray(signal + grain)


@lru_cache(maxsize=1)
def _grain_tile() -> Field:
    """A large tile of Gaussian noise, slightly correlated as behind a scintillator, of unit variance."""
    noise = np.random.default_rng(1895).standard_normal((NOISE_SIDE, NOISE_SIDE), dtype=np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 0.55)
    return np.asarray(noise / noise.std())


def _grain(shape: tuple[int, ...], seed: int) -> Field:
    """Return a window of the tile, mirrored and shifted by the seed, as large as asked."""
    rng = np.random.default_rng(seed)
    tile = _grain_tile()
    tile = tile[:: rng.choice((-1, 1)), :: rng.choice((-1, 1))]
    if rng.random() < 0.5:
        tile = tile.T
    top, left = rng.integers(0, NOISE_SIDE, 2)
    rows = (top + np.arange(shape[0])) % NOISE_SIDE
    columns = (left + np.arange(shape[1])) % NOISE_SIDE
    return np.ascontiguousarray(tile[rows][:, columns])


def develop(signal: Field, technique: Technique, spacing_mm: float) -> NDArray[np.uint16]:
    """Return the vendor's picture, uint16 in [0, 4095], dense tissue bright."""
    vendor = VENDORS[technique.vendor]
    fine, coarse = _veil(signal, 12 / spacing_mm), _veil(signal, 45 / spacing_mm)
    shaped = signal + vendor.detail * (signal - fine) - vendor.equalise * (coarse - float(coarse.mean()))
    low, high = _range(shaped)
    share = (shaped - low) / (high - low) + technique.window_shift
    return np.asarray(np.round(tone(share, technique.vendor) * WHITE), dtype=np.uint16)


def _veil(signal: Field, sigma: float) -> Field:
    """A broad Gaussian blur, made on a coarse grid."""
    rows, columns = signal.shape
    factor = max(int(sigma / 3), 1)
    small = cv2.resize(signal, (max(columns // factor, 4), max(rows // factor, 4)), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), sigma / factor, borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.resize(blurred, (columns, rows), interpolation=cv2.INTER_LINEAR))


def _range(signal: Field) -> tuple[float, float]:
    """The exposure range of the anatomy, from a coarse sample of the middle, as exposure recognition finds it."""
    rows, columns = signal.shape
    middle = signal[rows // 8 : -rows // 8 : 8, columns // 8 : -columns // 8 : 8]
    low, high = np.percentile(middle, [2.0, 98.0])
    return float(low - 0.25 * (high - low)), float(high + 0.08 * (high - low))
