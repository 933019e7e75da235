"""Vendors: made-up makers of detectors, each with its tone curve, its edge enhancement and its words."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.body_grid import Field

CURVE_STEPS = 65536
WHITE = 4095


@dataclass(frozen=True)
class Vendor:
    """How a maker turns the logarithm of dose into grey: toe, slope and shoulder of its curve, and its enhancement."""

    name: str
    model: str
    software: str
    low: float  # grey that the direct beam gets, share of the range
    high: float  # grey that the densest tissue gets
    gamma: float  # above 1: a darker middle
    sigmoid: float  # 0: straight, 4: a strong toe and shoulder
    detail: float  # how much structure finer than some 25 mm is raised
    equalise: float  # how much differences coarser than some 60 mm are lowered
    shutter: bool  # whether what the collimator hides is shown black


VENDORS: dict[str, Vendor] = {
    vendor.name: vendor
    for vendor in (
        Vendor("Northlight Imaging", "Aurora DX 3", "4.2.1", 0.02, 0.97, 0.95, 1.6, 0.25, 0.22, True),
        Vendor("Helvex Medical", "Clarion 700", "R11.3", 0.05, 0.99, 1.18, 2.4, 0.45, 0.30, True),
        Vendor("Kestrel Radiology", "Skyline CR", "2008B", 0.01, 0.93, 0.86, 1.0, 0.12, 0.10, False),
        Vendor("Orion Detector Works", "Panoptes 43", "7.0", 0.08, 0.98, 1.05, 3.0, 0.60, 0.36, True),
        Vendor("Vasari Systems", "Chiaro Mobile", "3.9.0-b2", 0.03, 0.95, 1.30, 1.8, 0.35, 0.18, False),
    )
}


@lru_cache(maxsize=16)
def _curve(name: str) -> NDArray[np.uint16]:
    """Return the tone curve of a vendor as a table over [0, 1], uint16 (CURVE_STEPS,), rising."""
    vendor = VENDORS[name]
    t = np.linspace(0, 1, CURVE_STEPS) ** vendor.gamma
    bent = np.tanh(vendor.sigmoid * (t - 0.5)) / np.tanh(vendor.sigmoid / 2)
    grey = vendor.low + (vendor.high - vendor.low) * (bent + 1) / 2
    return np.asarray(np.round(grey * WHITE), dtype=np.uint16)


def tone(share: Field, name: str) -> NDArray[np.uint16]:
    """Return the 12-bit grey that a vendor gives to a share of its exposure range in [0, 1]; clipped outside.

    The array that is given is used up.
    """
    share *= np.float32(CURVE_STEPS - 1)
    np.clip(share, 0, CURVE_STEPS - 1, out=share)
    return np.asarray(_curve(name).take(share.astype(np.uint16), mode="clip"), dtype=np.uint16)
