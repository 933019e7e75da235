"""Shard job: prepare the pictures of one shard of tensors, write them, and say what was written; done in a child."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import zarr

from xray_platform.imaging.pixel_range import Window
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.step import Found
from xray_platform.imaging.store.rounding import to_storage
from xray_platform.imaging.store.shard_reader import ShardedImages
from xray_platform.imaging.store.standard_image_reader import StandardImageFile, read_standard_image
from xray_platform.tables.manifest import FileFacts, facts_of


@dataclass(frozen=True)
class ShardJob:
    """What one child prepares and writes: the pictures of one shard, first to last row."""

    target: Path
    recipe: Recipe
    first: int
    images: tuple[StandardImageFile, ...]
    windows: tuple[Window, ...]


@dataclass(frozen=True)
class ShardMade:
    """What a child wrote: the shard's path in the array and its facts, the CRC-32C of each picture's chunk in it.

    `found` is what the steps found in each picture.
    """

    path: str
    facts: FileFacts
    rows: tuple[int, ...]
    found: tuple[tuple[Found, ...], ...]


def prepare_shard(job: ShardJob) -> ShardMade:
    """Prepare and write the pictures of one shard in one stroke, and return what was written."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # the cores are shared by processes
    try:
        return _prepare(job)
    finally:
        cv2.setNumThreads(threads)


def _prepare(job: ShardJob) -> ShardMade:
    with zarr.config.set({"array.write_empty_chunks": True}):  # a black picture is no missing chunk
        target = zarr.open_array(job.target, mode="r+")
    block, found = np.empty((len(job.images), *target.shape[1:]), target.dtype), []
    for place, (image, window) in enumerate(zip(job.images, job.windows, strict=True)):
        trace = job.recipe.trace(read_standard_image(image), window)
        block[place] = to_storage(trace.pixels, job.recipe.gives)
        found.append(trace.found)
    target[job.first : job.first + len(block)] = block
    return _made(job.target, job.first, tuple(found))


def _made(array: Path, first: int, found: tuple[tuple[Found, ...], ...]) -> ShardMade:
    """Read back what was written."""
    opened = ShardedImages.open(array)
    number = first // opened.per_shard
    path = Path(opened.shard_path(number))
    facts = facts_of(path, sha256=False)
    return ShardMade(path.relative_to(array).as_posix(), facts, tuple(opened.checksums(number)), found)
