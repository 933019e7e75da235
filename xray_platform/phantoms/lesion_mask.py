"""Lesion mask: which pixels of a phantom show what was put there, for who measures how well it is found."""

import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.body_grid import body_grid, onto_detector
from xray_platform.phantoms.findings import finding_effect
from xray_platform.phantoms.parameters import PhantomParameters
from xray_platform.phantoms.render import SCALE, thorax_of


def lesion_mask(parameters: PhantomParameters) -> NDArray[np.bool_]:
    """Return where the finding reaches, (rows, columns) as `render` gives them; nowhere on a normal phantom."""
    grid = body_grid(parameters, SCALE)
    thorax = thorax_of(parameters, grid)
    found = np.zeros((grid.rows, grid.columns), np.float32)
    for extent in finding_effect(parameters.finding, thorax, thorax.lungs).extents:
        found = np.maximum(found, extent.astype(np.float32))
    return np.asarray(onto_detector(found, parameters, grid) >= 0.5)
