"""Imaging: preparing pictures against scikit-image and MONAI, tensors against a memory map, two cores against one."""

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.bench.preparing import against_peers, scaled_shape
from xray_platform.bench.tensor_store import reading, two_processes
from xray_platform.bench.timing import best_seconds
from xray_platform.imaging.features.all import FEATURES, extract
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.imaging.recipe import default_recipe
from xray_platform.imaging.steps.resize import scale_to
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom
from xray_platform.progress import Progress
from xray_platform.tables.places import Places

LARGE, SMALL = 2048, 224  # longer sides of the pictures: a detector's, and a teaching set's
PICTURES = 6


def measure(progress: Progress, _: Inputs) -> Figures:
    """Measure on phantoms, 12 bit; libraries have one thread each, rounds alternate between the compared."""
    cv2.setNumThreads(1)
    large = list(_phantoms(progress))
    figures: dict[str, float | int | str] = {}
    for side in (LARGE, SMALL):
        pictures = [scale_to(picture, *scaled_shape(picture, side)) for picture in large]
        figures.update(against_peers(pictures, side))
    progress(1, 4, "preparing against peers")
    with tempfile.TemporaryDirectory(prefix="xray-bench-") as folder:
        figures.update(reading(Path(folder), large))
        progress(2, 4, "reading tensors")
        figures.update(_features(large))
        progress(3, 4, "features")
        figures.update(two_processes(Places(Path(folder)), large))
        progress(4, 4, "two processes")
    return figures


def _phantoms(progress: Progress) -> Iterator[Pixels]:
    rng = np.random.default_rng(0)
    for done in range(1, PICTURES + 1):
        yield render(sample_phantom(rng, PhantomSettings(side=LARGE))).pixels
        progress(done, PICTURES, "phantoms")


def _features(large: Sequence[Pixels]) -> Figures:
    """Compute every feature of 66 pictures of 128 px, and all of them of 528 with one process and with two."""
    images = np.stack([_prepared(picture) for picture in large] * 11)
    many = np.concatenate([images] * 8)
    every: list[Any] = [kind() for kind in FEATURES.values()]
    alone = {feature.kind: partial(extract, images, [feature], workers=1) for feature in every}
    together = {f"{n}": partial(extract, many, every, workers=n) for n in (1, 2)}
    seconds, both = best_seconds(alone, rounds=3), best_seconds(together, rounds=2)
    figures = {f"feature {name}, ms_per_picture": taken / len(images) * 1e3 for name, taken in seconds.items()}
    figures |= {f"all features, {n} processes, ms_per_picture": taken / len(many) * 1e3 for n, taken in both.items()}
    return figures | {"all features, two processes against one, ratio": both["1"] / both["2"]}


def _prepared(picture: Pixels) -> NDArray[np.float32]:
    return np.asarray(default_recipe(128).apply(picture) / np.float32(65535), np.float32)


IMAGING = Benchmark("imaging", "preparing pictures, reading tensors, features, two processes against one", measure)
