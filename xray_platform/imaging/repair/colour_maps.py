"""Colour maps: the tables of 256 colours with which grey pictures are commonly painted."""

from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

OPENCV = (
    "autumn", "bone", "jet", "winter", "rainbow", "ocean", "summer", "spring", "cool", "hsv", "pink", "hot", "parula",
    "magma", "inferno", "plasma", "viridis", "cividis", "twilight", "twilight_shifted", "turbo", "deepgreen",
)  # fmt: skip
MATPLOTLIB = (
    "copper", "gnuplot", "gnuplot2", "CMRmap", "cubehelix", "brg", "gist_rainbow", "gist_earth", "terrain",
    "nipy_spectral", "gist_ncar", "coolwarm", "Spectral", "RdBu", "RdYlBu", "RdYlGn", "seismic", "bwr", "YlOrRd",
    "YlGnBu", "Blues", "Reds", "Greens",
)  # fmt: skip
CYCLIC = frozenset({"hsv", "twilight", "twilight_shifted"})
"""Maps whose two ends share a colour: black and white cannot be told apart there."""


@dataclass(frozen=True)
class ColourMap:
    """A table of colours: level 0 to 255 to red, green and blue (256, 3), float32, 0 to 1."""

    name: str
    colours: NDArray[np.float32] = field(repr=False)


@cache
def known_maps() -> tuple[ColourMap, ...]:
    """Return every map that is recognised: OpenCV's, then those of matplotlib that OpenCV lacks."""
    from matplotlib import colormaps  # slow to import, and needed for a coloured picture only

    levels = np.arange(256, dtype=np.uint8)
    opencv = [ColourMap(name, _opencv(name, levels)) for name in OPENCV]
    others = [ColourMap(name, np.asarray(colormaps[name](levels)[:, :3], np.float32)) for name in MATPLOTLIB]
    return (*opencv, *others)


def named_map(name: str) -> ColourMap:
    """Return the known map of this name; KeyError where there is none."""
    return {known.name: known for known in known_maps()}[name]


def _opencv(name: str, levels: NDArray[np.uint8]) -> NDArray[np.float32]:
    painted = cv2.applyColorMap(levels[:, None], getattr(cv2, f"COLORMAP_{name.upper()}"))
    return np.asarray(painted[:, 0, ::-1] / 255, np.float32)
