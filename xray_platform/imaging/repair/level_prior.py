"""Level prior: how often each grey level stands in a chest film, for what a damaged picture leaves open."""

import numpy as np
from numpy.typing import NDArray

COUNTS = (
    500, 94, 85, 86, 92, 88, 80, 73, 70, 74, 79, 88, 99, 110, 119, 126, 131, 136, 140, 145, 151, 156, 162, 168, 173,
    178, 184, 189, 194, 200, 205, 212, 218, 225, 233, 240, 249, 258, 268, 275, 283, 292, 298, 302, 303, 302, 300, 288,
    259, 212, 158, 117, 90, 71, 54, 40, 28, 19, 12, 7, 4, 2, 1, 1,
)  # fmt: skip
"""Pixels in 10,000 at levels 0 to 3, 4 to 7, … 252 to 255.

Mean over 1,500 pictures drawn from the training part of the Kermany set (CC BY 4.0), none of them an original of the
damaged pictures that this room is measured on.
"""


def level_prior(floor: float = 0.002) -> NDArray[np.float64]:
    """Return the share of each of the 64 bands of levels; a band has at least about `floor`, and all add up to 1."""
    shares = np.array(COUNTS, np.float64) / sum(COUNTS) + floor
    return np.asarray(shares / shares.sum())
