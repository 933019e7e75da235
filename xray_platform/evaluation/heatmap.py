"""Heat map: one colour scale for all maps of a model, and pictures with their map laid over."""

from functools import cache

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from xray_platform.errors import InputError
from xray_platform.evaluation.wording import count, percent

Images = NDArray[np.float32]
Bytes = NDArray[np.uint8]
LOW_QUANTILE, HIGH_QUANTILE = 0.95, 0.999
STRONGEST = 0.72  # opacity of the strongest colour: the anatomy stays visible below it
COLOURS, FIRST_COLOUR, LAST_COLOUR = "inferno", 0.38, 0.93  # neither the blacks nor the whites of a radiograph


class MapScale(BaseModel):
    """Map values from which colour begins (`low`) and at which it is full (`high`); `source` says whence, in words.

    A pixel at or above `mask` belongs to a mask of what is abnormal; None: no masks are made.
    """

    model_config = ConfigDict(frozen=True)

    low: float
    high: float
    source: str = ""
    mask: float | None = None


def map_scale(normal_maps: Images, mask_target: float = LOW_QUANTILE) -> MapScale:
    """Return the scale for all maps of a model from the maps (N, S, S) of normal pictures it did not learn from.

    Colour begins where 5 % of the pixels of normal pictures lie above, and is full where 0.1 % do. A scale of each
    picture's own would paint something red in every normal picture. Below the threshold of masks lies the share
    `mask_target` of these pixels. Raises InputError without maps.
    """
    if normal_maps.size == 0:
        raise InputError("a map scale needs the heat map of at least one normal picture")
    low, high, mask = (float(value) for value in np.quantile(normal_maps, [LOW_QUANTILE, HIGH_QUANTILE, mask_target]))
    pictures = count(len(normal_maps), "normal picture")
    source = (
        f"colour begins at the value that {percent(1 - LOW_QUANTILE)} of the pixels of {pictures} exceed "
        f"and is full at the value that {percent(1 - HIGH_QUANTILE)} of them exceed"
    )
    return MapScale(low=low, high=high, source=source, mask=mask if high > low else None)


def overlay(image: Images, heat: Images, scale: MapScale) -> Bytes:
    """Return the picture (S, S) in [0, 1] with its map (S, S) laid over, uint8 (S, S, 3)."""
    grey = np.clip(np.nan_to_num(image), 0, 1)[..., None].repeat(3, axis=-1)
    height = strength(heat, scale)
    colour = _palette()[(height * 255).astype(np.intp)]
    opacity = (STRONGEST * np.sqrt(height))[..., None]
    return np.asarray(np.round(255 * (grey * (1 - opacity) + colour * opacity)), dtype=np.uint8)


def strength(heat: Images, scale: MapScale) -> Images:
    """Return how strongly each pixel of a map is coloured, float32 in [0, 1]; nothing where the scale has no width."""
    width = scale.high - scale.low
    if width <= 0:
        return np.zeros(heat.shape, np.float32)
    return np.asarray(np.clip((np.nan_to_num(heat) - scale.low) / width, 0, 1), dtype=np.float32)


def palette_stops(count: int = 6) -> list[str]:
    """Return colours of the scale from faint to full, as CSS colours."""
    chosen = _palette()[np.linspace(0, 255, count).astype(np.intp)]
    return ["#" + "".join(f"{round(channel * 255):02x}" for channel in colour) for colour in chosen]


@cache
def _palette() -> NDArray[np.float64]:
    return np.asarray(colormaps[COLOURS](np.linspace(FIRST_COLOUR, LAST_COLOUR, 256))[:, :3], dtype=np.float64)
