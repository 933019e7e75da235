"""Texture: the fine irregular structure of lung tissue, cut from one large tile."""

from functools import lru_cache

import cv2
import numpy as np

from xray_platform.phantoms.body_grid import Field

TILE_SIDE, ROOM = 1200, 256
STRUCTURE = 0.00022  # attenuation, root mean square, of a mm of lung


@lru_cache(maxsize=1)
def _tile() -> Field:
    """Noise of unit variance with structure from about one to eight pixels, rougher towards the coarse end."""
    noise = np.random.default_rng(1901).standard_normal((TILE_SIDE, TILE_SIDE), dtype=np.float32)
    total = np.zeros_like(noise)
    for sigma in (1.0, 1.8, 3.2, 5.6):
        layer = cv2.GaussianBlur(noise, (0, 0), sigma) - cv2.GaussianBlur(noise, (0, 0), 1.9 * sigma)
        total += layer / layer.std() * sigma**0.35
    total /= total.std()
    total.setflags(write=False)  # it is shared by all pictures
    return total


def window(tile: Field, shape: tuple[int, ...], seed: int | list[int]) -> Field:
    """Return a window of a square tile, shifted and at times flipped by the seed; a tile too small is repeated."""
    rng = np.random.default_rng(seed)
    lack = max(max(shape) + ROOM - len(tile), 0)
    if lack:
        tile = np.asarray(cv2.copyMakeBorder(tile, 0, lack, 0, lack, cv2.BORDER_WRAP), dtype=np.float32)
    top, left = (int(rng.integers(0, len(tile) - size + 1)) for size in shape)
    cut = tile[top : top + shape[0], left : left + shape[1]]
    return cut[:: rng.choice((-1, 1))]


def lung_texture(lung: Field, seed: int) -> Field:
    """Return the attenuation by which lung tissue of this thickness (mm) differs from smooth tissue."""
    grain = window(_tile(), lung.shape, [seed, 8]) * lung
    grain *= STRUCTURE
    return np.asarray(grain)
