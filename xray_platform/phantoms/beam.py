"""Beam: from attenuation to the grey values of a detector: absorption, scatter, blur, quantum noise, tone curve."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.body_grid import Field
from xray_platform.phantoms.parameters import Technique
from xray_platform.phantoms.texture import window
from xray_platform.phantoms.vendors import VENDORS, tone

QUANTA = 9000.0  # quanta that a pixel of 0.4 mm counts in the direct beam at exposure 1
NOISE_SIDE = 1536
SCATTER_MM, FINE_MM, COARSE_MM = 42.0, 12.0, 45.0


def expose(attenuation: Field, technique: Technique, spacing_mm: float) -> Field:
    """Return the dose at the detector relative to the direct beam: primary exp(-attenuation) plus smooth scatter.

    This and the next two steps use up the array that they are given: fresh memory would cost as much as the sums.
    """
    dose = np.negative(attenuation, out=attenuation)
    cv2.exp(dose, dst=dose)
    small, factor = _coarse(dose)
    veil = cv2.GaussianBlur(small, (0, 0), SCATTER_MM / (factor * spacing_mm), borderType=cv2.BORDER_REFLECT)
    dose += _upsampled(np.asarray(veil, dtype=np.float32) * technique.scatter, dose.shape)
    return dose


def log_signal(dose: Field, technique: Technique, spacing_mm: float, seed: int) -> Field:
    """Return the negative logarithm of the counted dose: blurred by the detector, grained by counting quanta."""
    log_dose = np.asarray(cv2.GaussianBlur(dose, (0, 0), technique.blur_pixels), dtype=np.float32)
    cv2.log(log_dose, dst=log_dose)
    grain = np.multiply(log_dose, np.float32(-0.5), out=dose)
    cv2.exp(grain, dst=grain)  # one over the root of the dose
    grain *= window(_grain_tile(), dose.shape, seed)
    grain *= 1 / float(np.sqrt(QUANTA * technique.exposure * (spacing_mm / 0.4) ** 2))
    grain -= log_dose
    return grain


@lru_cache(maxsize=1)
def _grain_tile() -> Field:
    """A large tile of Gaussian noise, slightly correlated as behind a scintillator, of unit variance."""
    noise = np.random.default_rng(1895).standard_normal((NOISE_SIDE, NOISE_SIDE), dtype=np.float32)
    soft = np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.55), dtype=np.float32)
    soft /= soft.std()
    soft.setflags(write=False)  # it is shared by all pictures
    return soft


def develop(signal: Field, technique: Technique, spacing_mm: float) -> NDArray[np.uint16]:
    """Return the vendor's picture, uint16 in [0, 4095], dense tissue bright.

    Structure finer than FINE_MM is raised and differences coarser than COARSE_MM are lowered, as the vendor does it.
    """
    vendor = VENDORS[technique.vendor]
    small, factor = _coarse(signal)
    sigma = factor * spacing_mm
    fine = np.asarray(cv2.GaussianBlur(small, (0, 0), FINE_MM / sigma, borderType=cv2.BORDER_REFLECT))
    coarse = np.asarray(cv2.GaussianBlur(small, (0, 0), COARSE_MM / sigma, borderType=cv2.BORDER_REFLECT))
    veil = (vendor.detail * fine + vendor.equalise * (coarse - coarse.mean())).astype(np.float32)
    low, high = _range((1 + vendor.detail) * small - veil)
    scale = 1 / (high - low)
    shift = technique.window_shift - low * scale
    cv2.addWeighted(signal, (1 + vendor.detail) * scale, _upsampled(veil, signal.shape), -scale, shift, dst=signal)
    return tone(signal, technique.vendor)


def _coarse(field: Field) -> tuple[Field, int]:
    """Return a field averaged over squares, some 64 of them along the longer side, and their side in pixels."""
    factor = max(max(field.shape) // 64, 1)
    size = (-(-field.shape[1] // factor), -(-field.shape[0] // factor))
    return np.asarray(cv2.resize(field, size, interpolation=cv2.INTER_AREA), dtype=np.float32), factor


def _upsampled(field: Field, shape: tuple[int, ...]) -> Field:
    return np.asarray(cv2.resize(field, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _range(small: Field) -> tuple[float, float]:
    """The exposure range of the anatomy, from the middle of the picture, as exposure recognition finds it."""
    rows, columns = small.shape
    low, high = np.percentile(small[rows // 8 : -(rows // 8), columns // 8 : -(columns // 8)], [2.0, 98.0])
    return float(low - 0.46 * (high - low)), float(high + 0.14 * (high - low))
