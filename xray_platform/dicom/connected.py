"""Connected: label the connected pieces of a mask; where few pixels are set, without looking at the others."""

from typing import Any

import cv2
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Mask = np.ndarray[Any, np.dtype[np.uint8]]
Places = np.ndarray[Any, np.dtype[np.intp]]
# Of 4 million pixels 1,000 set: 1.4 ms against OpenCV's 6.7; 30,000: about as long; 150,000: six times as long.
SPARSE = 0.005


def set_places(mask: Mask) -> Places:
    """Return where a mask (rows, columns; 0 or 1) is 1, as places in its flattened form, in order."""
    # as truth values NumPy looks at eight at once: a quarter of the time of numbers
    return np.flatnonzero(np.ascontiguousarray(mask).view(np.bool_))


def connected(mask: Mask, places: Places) -> tuple[int, Places]:
    """Return how many pieces there are (pixels touch at sides and corners), and to which each of `places` belongs."""
    if places.size > SPARSE * mask.size:
        count, labels = cv2.connectedComponentsWithAlgorithm(mask, 8, cv2.CV_32S, cv2.CCL_SAUF)
        return count - 1, labels.ravel()[places].astype(np.intp) - 1
    first, second = _neighbours(places, mask.shape[1])
    joined = coo_array((np.ones(first.size, np.int8), (first, second)), shape=(places.size, places.size))
    count, each = connected_components(joined, directed=False)
    return int(count), each.astype(np.intp)


def _neighbours(places: Places, width: int) -> tuple[Places, Places]:
    """Return which places touch which: to the right, and below on the left, in the middle and on the right."""
    across = places % width
    pairs = []
    for step, possible in (
        (1, across < width - 1),
        (width - 1, across > 0),
        (width, None),
        (width + 1, across < width - 1),
    ):
        wanted = places + step
        found = np.minimum(np.searchsorted(places, wanted), places.size - 1)
        hit = places[found] == wanted
        hit = hit if possible is None else hit & possible
        pairs.append((np.flatnonzero(hit), found[hit]))
    firsts, seconds = zip(*pairs, strict=True)
    return np.concatenate(firsts), np.concatenate(seconds)
