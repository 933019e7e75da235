"""Airways: the air in the trachea and the main bronchi."""

import numpy as np

from xray_platform.phantoms.parameters import Subject
from xray_platform.phantoms.tubes import Tube, tube

AIR = -0.0185  # attenuation of a mm of air in place of soft tissue


def airways(subject: Subject) -> list[Tube]:
    """Return trachea and main bronchi as tubes that take attenuation away."""
    bend = 3.0 + 3.5 * (subject.aorta - 1)
    t = np.linspace(0, 1, 30)
    trachea = np.stack([-bend * np.exp(-(((t - 0.8) / 0.22) ** 2)), -110 + 205 * t, 20 - 45 * t], axis=1)
    return [
        tube(trachea, 7.6, AIR * 0.8),
        tube(_bronchus(-1, 42, 26), 6.4, AIR * 0.85, end=4.6),
        tube(_bronchus(1, 26, 44), 5.8, AIR * 0.85, end=4.0),
    ]


def _bronchus(side: int, down: float, out: float) -> np.ndarray:
    t = np.linspace(0, 1, 16)
    return np.stack([-2 + side * (2 + out * t), 92 + down * t**0.9, np.full(16, -25.0)], axis=1)
