"""Airways: the air in the trachea and the main bronchi."""

import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.parameters import Subject
from xray_platform.phantoms.tubes import Tubes, tubes

AIR = -0.0185  # attenuation of a mm of air in place of soft tissue


def airways(subject: Subject) -> list[Tubes]:
    """Return trachea and main bronchi as tubes that take attenuation away."""
    bend = 3.0 + 3.5 * (subject.aorta - 1)
    t = np.linspace(0, 1, 30)
    trachea = np.stack([-bend * np.exp(-(((t - 0.8) / 0.22) ** 2)), -110 + 202 * t, 20 - 45 * t], axis=1)
    return [
        tubes(trachea, 9.3, AIR * 1.05),
        tubes(_bronchus(-1, 40, 27), np.linspace(6.6, 4.8, 16), AIR * 1.0),
        tubes(_bronchus(1, 25, 44), np.linspace(6.0, 4.2, 16), AIR * 0.9),
    ]


def _bronchus(side: int, down: float, out: float) -> NDArray[np.float64]:
    t = np.linspace(0, 1, 16)
    return np.stack([-2 + side * (2 + out * t), 89 + down * t**0.9, np.full(16, -25.0)], axis=1)
