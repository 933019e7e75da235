"""Abdomen: gas below the left diaphragm, in the stomach and at times in the colon."""

import numpy as np

from xray_platform.phantoms.body_grid import Field
from xray_platform.phantoms.outline import smooth_step
from xray_platform.phantoms.thorax import Thorax

GAS = -0.017  # attenuation of a mm of gas in place of tissue


def bowel_gas(thorax: Thorax) -> Field | float:
    """Return what gas takes from the attenuation, float32 (rows, columns), or 0 where there is none.

    The bubble of a standing subject ends below in a level surface; that of a lying one is round.
    """
    subject, pose = thorax.subject, thorax.pose
    if subject.gastric_bubble < 0.15:
        return 0.0
    rng = np.random.default_rng([subject.seed, 6])
    dome = float(thorax.dome(1).min())
    width = 14 + 22 * subject.gastric_bubble
    height = width * rng.uniform(0.55, 0.9)
    x0, y0 = 72 + rng.uniform(-10, 20), dome + 9 + height
    total = np.zeros((thorax.grid.rows, thorax.grid.columns), dtype=np.float32)
    rows = slice(*np.searchsorted(thorax.grid.y[:, 0], (y0 - 1.2 * height, y0 + 1.2 * height)))
    columns = slice(*np.searchsorted(thorax.grid.x[0], (x0 - 1.2 * width, x0 + 1.2 * width)))
    y = thorax.grid.y[rows]
    down, across = (y - y0) / height, (thorax.grid.x[:, columns] - x0) / width
    lobed = 1 + 0.10 * np.sin(3 * np.arctan2(down, across) + rng.uniform(0, 6))
    bubble = np.sqrt(np.clip(1 - (down**2 + across**2) / lobed**2, 0, None))
    if pose.view == "PA":
        bubble = bubble * smooth_step(0.25 * height - (y - y0), 1.0)
    total[rows, columns] = GAS * 1.3 * width * bubble
    return total
