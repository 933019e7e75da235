"""Corrupted images: pictures of a store as a model sees them after a corruption, made from their standard images."""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from xray_platform.image_stack import Images, pack_views
from xray_platform.imaging.corruptions import SIDE, CorruptionKind, corrupt, reduced
from xray_platform.imaging.pixel_range import Pixels, Window
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.store.rounding import as_model_input, from_storage, to_storage
from xray_platform.imaging.store.standard_image_reader import StandardImageBatch, read_standard_image
from xray_platform.tables.places import Places

Step = tuple[CorruptionKind, int]


@dataclass(frozen=True)
class CorruptedImages:
    """Makes what a model with these recipes sees of a picture, clean and with each of `steps` (kind and severity).

    A picture is reduced to 512 pixels first, or to the longest side that a recipe gives: levels then mean the same for
    pictures of every size, and large ones cost no more than small ones. Its window stays the one that it came with.
    """

    places: Places
    recipes: tuple[Recipe, ...]
    steps: Sequence[Step]
    seed: int

    def of(self, image: str, standard: StandardImageBatch, window: Window) -> Images:
        """Return one picture, clean and then by step: (1 + steps, S, S) in [0, 1]; several recipes are views."""
        side = max(SIDE, *(recipe.side or 0 for recipe in self.recipes))
        clean = reduced(read_standard_image(standard[image]), side)
        seed = crc32(f"{self.seed} {image}".encode())
        spoilt = (corrupt(clean, window, kind, severity, seed) for kind, severity in self.steps)
        return np.stack([self._seen(pixels, window) for pixels in (clean, *spoilt)])

    def _seen(self, pixels: Pixels, window: Window) -> Images:
        return pack_views([_prepared(recipe, pixels, window) for recipe in self.recipes])


def _prepared(recipe: Recipe, pixels: Pixels, window: Window) -> Images:
    stored = to_storage(recipe.apply(pixels, window), recipe.gives)
    return as_model_input(from_storage(stored), recipe.gives)
