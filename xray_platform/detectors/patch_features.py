"""Patch features: what each patch of a picture looks like and where it lies, in numbers.

A patch is 2 x 2 cells and the stride is one cell, so every feature is computed once a cell and shared by the patches
that hold it: the same numbers as from patches cut out, fifty times sooner.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xray_platform.image_stack import Images
from xray_platform.imaging.features.all import extract, feature_names
from xray_platform.imaging.features.glcm import DESCRIPTORS, GlcmSettings
from xray_platform.imaging.features.hog import HogSettings
from xray_platform.imaging.features.lbp import LbpSettings
from xray_platform.imaging.features.statistics import StatisticsSettings
from xray_platform.imaging.store.patch_settings import PatchSettings
from xray_platform.imaging.store.patches import Positions, cut, positions_in

CELLS = 2  # a patch is so many cells high and wide
LBP_RADIUS = 2.0
WIDTHS = (36, 59, 2, 2)  # numbers a patch: edges, texture, intensity, position
GREYS, DISTANCES, THUMBNAIL = 16, 2, 8
MORE: Mapping[str, int] = {"cooccurrence": DISTANCES * len(DESCRIPTORS), "pixels": THUMBNAIL**2}
"""Numbers a patch that are measured where asked for: co-occurrence of greys (GLCM), and the patch made small."""
Numbers = NDArray[np.float32]


class PatchFeatures(NamedTuple):
    """Features of P patches of N pictures, each (N, P, d): edges d = 36, texture 59, intensity 2, position 2."""

    edges: Numbers
    texture: Numbers
    intensity: Numbers
    position: Numbers


def patch_positions(side: int, patch: int) -> Positions:
    """Return (top, left) of each patch of a picture of `side` px, row by row: int64 (P, 2), in pixels."""
    return positions_in((side, side), PatchSettings(side=patch, stride=patch // CELLS))


def patch_features(images: Images, patch: int) -> PatchFeatures:
    """Return the features of the patches of pictures (N, S, S) float32 in [0, 1]; S is a multiple of `patch` / 2.

    edges: a block of gradient histograms (HOG); texture: shares of the uniform binary patterns (LBP);
    intensity: mean and standard deviation; position: of the patch's middle, from -1 (top, left) to 1.
    """
    cell = patch // CELLS
    cells = images.shape[1] // cell
    places = (cells - CELLS + 1) ** 2
    edges = extract(images, [HogSettings(cell=cell, block=CELLS)]).reshape(len(images), places, -1)
    texture = extract(images, [LbpSettings(radius=LBP_RADIUS, grid=cells)]).reshape(len(images), cells, cells, -1)
    return PatchFeatures(edges, _by_patch(texture), _intensity(images, cells), _position(len(images), cells))


def more_features(images: Images, patch: int, name: str) -> Numbers:
    """Return further features of the same patches, (N, P, d), by their name in MORE.

    cooccurrence: six descriptors of the GLCM at distances 1 and 2, means over four angles; pixels: 8 x 8 means of grey.
    """
    patches = cut(images, PatchSettings(side=patch, stride=patch // CELLS))[0]
    each = np.ascontiguousarray(patches.reshape(-1, patch, patch))
    if name == "pixels":
        small = patch // THUMBNAIL
        found = each.reshape(-1, THUMBNAIL, small, THUMBNAIL, small).mean(axis=(2, 4)).reshape(len(each), -1)
    else:
        settings = GlcmSettings(levels=GREYS, distances=DISTANCES)
        pairs = settings.compute(each).reshape(len(each), *settings.shape((patch, patch)))
        found = pairs.mean(axis=2).reshape(len(each), -1)
    return np.asarray(found.reshape(*patches.shape[:2], -1), np.float32)


def _by_patch(by_cell: Numbers) -> Numbers:
    """Turn means over cells (N, cells, cells, d) into means over patches (N, P, d)."""
    upper, lower = by_cell[:, :-1], by_cell[:, 1:]
    total: Numbers = upper[:, :, :-1] + upper[:, :, 1:] + lower[:, :, :-1] + lower[:, :, 1:]
    return (total / np.float32(CELLS**2)).reshape(len(by_cell), -1, by_cell.shape[-1])


def _intensity(images: Images, cells: int) -> Numbers:
    settings = [StatisticsSettings(grid=cells)]
    names, numbers = feature_names(images.shape[1:], settings), extract(images, settings)
    mean, deviation = (
        numbers[:, [name.startswith("statistics_cell") and name.endswith(ending) for name in names]]
        for ending in ("_mean", "_deviation")
    )
    moments = np.stack([mean, deviation**2 + mean**2], axis=-1).reshape(len(images), cells, cells, 2)
    first, second = np.moveaxis(_by_patch(moments), -1, 0)
    return np.stack([first, np.sqrt(np.maximum(second - first**2, 0))], axis=-1)


def _position(count: int, cells: int) -> Numbers:
    along = np.linspace(-1, 1, cells - CELLS + 1).astype(np.float32)
    grid = np.stack(np.meshgrid(along, along, indexing="ij"), axis=-1).reshape(1, -1, 2)
    return np.broadcast_to(grid, (count, *grid.shape[1:]))
