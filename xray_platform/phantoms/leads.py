"""Leads: electrodes on the chest and the wires that run from them out of the picture."""

import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.outline import bent
from xray_platform.phantoms.parameters import PhantomParameters
from xray_platform.phantoms.tubes import Tubes, tubes

# Where electrodes are put: right and left shoulder, left flank, mm in the body's plane.
PLACES = ((-105.0, 32.0), (112.0, 36.0), (128.0, 205.0))
METAL = 0.45  # attenuation of a mm of wire


def leads(parameters: PhantomParameters) -> list[Tubes]:
    """Return electrodes and wires where there are any, in front of the body."""
    if not parameters.technique.leads:
        return []
    rng = np.random.default_rng([parameters.noise_seed, 9])
    found: list[Tubes] = []
    for x, y in PLACES:
        at = np.array([x, y]) + rng.normal(0, 12, 2)
        found += [
            tubes(_ring(at, 4.0), 1.1, 0.10),
            tubes(_ring(at, 1.6), 1.5, 0.16),
            tubes(_wire(at, rng), 0.55, METAL),
        ]
    return found


def _ring(at: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    angle = np.linspace(0, 2 * np.pi, 20)
    return np.stack([at[0] + radius * np.cos(angle), at[1] + radius * np.sin(angle), np.full(20, 100.0)], axis=1)


def _wire(at: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a loose wire to the lower edge of the picture or to its side."""
    away = np.array([np.sign(at[0]) * rng.uniform(20, 120), 330.0])
    t = np.linspace(0, 1, 6)[:, None]
    sway = rng.normal(0, 1, (6, 2)) * np.array([16.0, 9.0]) * np.sin(np.pi * t)
    line = bent(at + (away - at) * t + sway, 70)
    return np.concatenate([line, np.full((70, 1), 100.0)], axis=1)
