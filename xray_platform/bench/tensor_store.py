"""Tensor store: reading tensors against a plain memory map, and preparing a batch with two processes against one."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import zarr
from numpy.typing import NDArray

from xray_platform.bench.contract import Figures
from xray_platform.bench.timing import best_seconds
from xray_platform.dicom.standard.standard_shard import standard_shards
from xray_platform.dicom.standard.zarr_chunk import one_chunk
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.imaging.recipe import default_recipe
from xray_platform.imaging.store.shard_reader import ShardedImages
from xray_platform.imaging.store.tensors import create_tensors, open_tensors, read_tensors, tensorise_batch
from xray_platform.tables.all import STANDARD_IMAGES
from xray_platform.tables.layouts import (
    STANDARD_IMAGES_LAYOUT,
    standard_checksum,
    standard_folder,
    standard_manifest,
    tensor_array,
    tensors_manifest,
)
from xray_platform.tables.manifest import Manifest, below, facts_of, keep
from xray_platform.tables.places import Places

SIDE = 128  # of the tensors, in pixels
TENSORS = 1000
BATCH_PICTURES = 100  # in the comparison of two processes with one
BATCH = "batch-0001"
ROUNDS = 5


def reading(folder: Path, large: Sequence[Pixels]) -> Figures:
    """Read 1,000 tensors in random order as float32 in [0, 1], from our store and from a plain memory map."""
    places, recipe, tensors = Places(folder), default_recipe(SIDE), _tensors(large)
    array, plain = tensor_array(places, recipe.id, BATCH), folder / "tensors.raw"
    began = time.perf_counter()
    create_tensors(array, TENSORS, recipe)
    zarr.open_array(array, mode="r+")[:] = tensors
    record_tensors(places, recipe.id, BATCH)
    writing = time.perf_counter() - began
    tensors.tofile(plain)
    order = np.random.default_rng(0).permutation(TENSORS)
    rows = pd.DataFrame({"batch": BATCH, "recipe": recipe.id, "row": order})
    ways: dict[str, Callable[[], object]] = {
        "read_tensors": partial(read_tensors, places, recipe.id, rows),
        "one thread": partial(_read_in_one_thread, open_tensors(places, recipe.id, BATCH), order),
        "one thread, checksums not compared": partial(_read_in_one_thread, ShardedImages.open(array), order),
        "memory map": partial(_read_map, plain, order, tensors.shape),
    }
    seconds = best_seconds(ways, ROUNDS)
    figures = {f"tensors read, {name}, pictures_per_s": TENSORS / taken for name, taken in seconds.items()}
    return {
        "tensors written, pictures_per_s": TENSORS / writing,
        **figures,
        "tensors read against the memory map, ratio": seconds["memory map"] / seconds["read_tensors"],
        "tensors read in one thread against the memory map, ratio": seconds["memory map"] / seconds["one thread"],
        "tensors read in one thread, checksums compared against not compared, ratio": seconds[
            "one thread, checksums not compared"
        ]
        / seconds["one thread"],
        "tensors stored, share of plain bytes": _bytes(array) / tensors.nbytes,
    }


def record_tensors(places: Places, recipe_id: str, batch: str) -> None:
    """Keep the manifest of a batch's array that `tensorise_batch` did not write."""
    array = tensor_array(places, recipe_id, batch)
    opened = ShardedImages.open(array)
    shards = range(-(-len(opened) // opened.per_shard))
    rows = tuple(crc32c for number in shards for crc32c in opened.checksums(number))
    files = {below(places, path): facts_of(path, sha256=False) for path in array.rglob("*") if path.is_file()}
    keep(places, Manifest(tensors_manifest(recipe_id, batch), files, rows))


def _tensors(large: Sequence[Pixels]) -> NDArray[np.uint16]:
    """Return 1,000 different prepared pictures: cut-outs of the phantoms."""
    rng, recipe = np.random.default_rng(1), default_recipe(SIDE)
    made = []
    for number in range(TENSORS):
        top, left = rng.integers(0, 300, 2)
        made.append(recipe.apply(np.ascontiguousarray(large[number % len(large)][top::8, left::8])))
    return np.stack(made)


def _read_in_one_thread(opened: ShardedImages, order: NDArray[np.int64]) -> NDArray[np.float32]:
    out, picture = np.empty(opened.shape, np.float32), np.empty(opened.shape[1:], opened.dtype)
    for place, row in enumerate(order.tolist()):
        opened.read_into(row, picture)
        np.multiply(picture, np.float32(1 / 65535), out=out[place])
    return out


def _read_map(path: Path, order: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.float32]:
    mapped, out = np.memmap(path, np.uint16, "r", shape=shape), np.empty(shape, np.float32)
    for place, row in enumerate(order.tolist()):
        np.multiply(mapped[row], np.float32(1 / 65535), out=out[place])
    return out


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def two_processes(places: Places, large: Sequence[Pixels]) -> Figures:
    """Prepare a batch of large pictures from its standard images, with one child and with two."""
    _write_standard_images(places, BATCH, large)
    recipe = default_recipe(SIDE)
    ways = {str(n): partial(tensorise_batch, places, BATCH, recipe, workers=n) for n in (1, 2)}
    seconds = best_seconds(ways, rounds=2)
    return {
        "a batch of large pictures, one process, pictures_per_s": BATCH_PICTURES / seconds["1"],
        "a batch of large pictures, two processes, pictures_per_s": BATCH_PICTURES / seconds["2"],
        "two processes against one, ratio": seconds["1"] / seconds["2"],
    }


def _write_standard_images(places: Places, batch: str, large: Sequence[Pixels]) -> None:
    """Write a batch of large pictures, the same few under many names."""
    packer, rows, checksums = one_chunk("uint16", STANDARD_IMAGES_LAYOUT.codec), [], []
    with standard_shards(standard_folder(places, batch), {}) as shards:
        for number in range(BATCH_PICTURES):
            image, pixels = f"{number:016x}", large[number % len(large)]
            about, packed = packer.pack(pixels)
            shards.add(image, about, packed)
            checksums.append(standard_checksum(image, about, packed))
            size = {"rows": pixels.shape[0], "columns": pixels.shape[1], "grey_levels": 4096, "turned_from": "LF"}
            window = {"window_low": 100.0, "window_high": 4000.0}
            rows.append({"image": image, "batch": batch, **size, **window, "done": ["made for a measurement"]})
    files = {below(places, path): facts_of(path, sha256=False) for path in shards.shards}
    keep(places, Manifest(standard_manifest(batch), files, tuple(checksums)))
    STANDARD_IMAGES.write(places, STANDARD_IMAGES.frame(rows), batch)
