"""Preparing: the default recipe against the same steps in scikit-image and in MONAI, on the same pictures."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_platform.bench.contract import Figures
from xray_platform.bench.timing import best_seconds
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.steps.resize import ResizeSettings
from xray_platform.imaging.steps.window import WindowSettings

SIDE = 128  # of the prepared pictures, in pixels
ROUNDS = 5
Prepare = Callable[[Pixels], NDArray[Any]]


def against_peers(pictures: Sequence[Pixels], side: int) -> Figures:
    """Window by the picture's own percentiles, resize with its aspect kept, pad: the default recipe's steps."""
    ways = {"ours": ours(), "scikit-image": scikit_image(), "MONAI": monai_transforms()}
    seconds = best_seconds({name: partial(_prepare_all, way, pictures) for name, way in ways.items()}, ROUNDS)
    rates = {name: len(pictures) / taken for name, taken in seconds.items()}
    results = {name: in_unit_range(way(pictures[0])) for name, way in ways.items()}
    figures: dict[str, float] = {f"default recipe, {side} px, {name}, pictures_per_s": r for name, r in rates.items()}
    for peer in ("scikit-image", "MONAI"):
        figures[f"default recipe, {side} px, against {peer}, ratio"] = rates["ours"] / rates[peer]
        away = np.abs(results["ours"] - results[peer]).mean()
        figures[f"default recipe, {side} px, mean difference from {peer}, share of range"] = float(away)
    return figures


def in_unit_range(prepared: NDArray[Any]) -> NDArray[np.float64]:
    """Return what a way made as numbers in [0, 1], to compare: ours gives 16-bit integers, the peers real numbers."""
    return prepared / (65535.0 if prepared.dtype == np.uint16 else 1.0)


def _prepare_all(way: Prepare, pictures: Sequence[Pixels]) -> None:
    for picture in pictures:
        way(picture)


def ours() -> Prepare:
    """Return the default recipe, with the window measured in the picture."""
    steps = (WindowSettings(use_given=False), ResizeSettings(rows=SIDE, columns=SIDE))
    recipe = Recipe(steps=steps)
    return recipe.apply


def scikit_image() -> Prepare:
    """Return the same steps in scikit-image: percentiles, rescaled intensity, anti-aliased resize, padding."""
    import skimage.exposure  # seconds to import
    import skimage.transform

    exposure: Any = skimage.exposure
    transform: Any = skimage.transform

    def prepare(picture: Pixels) -> NDArray[Any]:
        low, high = np.percentile(picture, (0.5, 99.5))
        spread = exposure.rescale_intensity(picture.astype(np.float32), in_range=(low, high), out_range=(0.0, 1.0))
        small = transform.resize(spread, scaled_shape(picture, SIDE), order=1, anti_aliasing=True)
        free = [SIDE - length for length in small.shape]
        return np.pad(small, [(space // 2, space - space // 2) for space in free])

    return prepare


def monai_transforms() -> Prepare:
    """Return the same steps in MONAI's transforms, on one thread."""
    import monai.transforms  # seconds to import
    import torch

    torch.set_num_threads(1)
    peer: Any = monai.transforms
    steps = peer.Compose(
        [
            peer.ScaleIntensityRangePercentiles(0.5, 99.5, 0.0, 1.0, clip=True),
            peer.Resize(SIDE, size_mode="longest", mode="area"),
            peer.ResizeWithPadOrCrop((SIDE, SIDE)),
        ]
    )
    return lambda picture: np.asarray(steps(torch.from_numpy(picture.astype(np.float32))[None])[0])


def scaled_shape(picture: Pixels, side: int) -> tuple[int, int]:
    """Return rows and columns of the picture when its longer side has `side` pixels."""
    scale = side / max(picture.shape)
    return round(picture.shape[0] * scale), round(picture.shape[1] * scale)
