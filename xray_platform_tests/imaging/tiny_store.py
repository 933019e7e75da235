"""A tiny store of standard images, as the intake would leave it, for the tests of this room."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xray_platform.dicom.standard.standard_shard import standard_shards
from xray_platform.dicom.standard.zarr_chunk import one_chunk
from xray_platform.imaging.percentiles import percentiles
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.tables.all import STANDARD_IMAGES
from xray_platform.tables.layouts import (
    STANDARD_IMAGES_LAYOUT,
    standard_checksum,
    standard_folder,
    standard_manifest,
)
from xray_platform.tables.manifest import Manifest, below, facts_of, keep
from xray_platform.tables.places import Places


@dataclass(frozen=True)
class TinyStore:
    """A store and the standard images in it, by batch and image id."""

    places: Places
    pictures: dict[str, dict[str, Pixels]]


def soft_picture(seed: int, rows: int = 96, columns: int = 80, top: int = 4095) -> Pixels:
    """Return a smooth grey picture with some noise: uint16 in 0 to `top`."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:columns]
    waves = (
        np.sin(y / rows * rng.uniform(2, 9)) + np.cos(x / columns * rng.uniform(2, 9)) + rng.normal(0, 0.05, y.shape)
    )
    pixels: Pixels = np.rint((waves - waves.min()) / np.ptp(waves) * top).astype(np.uint16)
    return pixels


def make_store(root: Path, batches: dict[str, int], seed: int = 0) -> TinyStore:
    """Write `batches` (name to number of pictures) of standard images and their table rows below `root`."""
    places = Places(root)
    pictures = {
        batch: _write_batch(places, batch, count, seed + 1000 * n) for n, (batch, count) in enumerate(batches.items())
    }
    return TinyStore(places, pictures)


def write_standard(places: Places, batch: str, pictures: Mapping[str, Pixels], dtype: str = "uint16") -> None:
    """Write the standard images of a batch as the intake does, and record them."""
    folder, packer, rows = standard_folder(places, batch), one_chunk(dtype, STANDARD_IMAGES_LAYOUT.codec), []
    shutil.rmtree(folder, ignore_errors=True)
    with standard_shards(folder, {}) as shards:
        for image, pixels in pictures.items():
            about, packed = packer.pack(pixels)
            shards.add(image, about, packed)
            rows.append(standard_checksum(image, about, packed))
    files = {below(places, path): facts_of(path, sha256=False) for path in shards.shards}
    keep(places, Manifest(standard_manifest(batch), files, tuple(rows)))


def _write_batch(places: Places, batch: str, count: int, seed: int) -> dict[str, Pixels]:
    pictures = {f"{seed + n:016x}": soft_picture(seed + n, 60 + 7 * (n % 5), 80 - 3 * (n % 4)) for n in range(count)}
    write_standard(places, batch, pictures)
    rows = []
    for image, pixels in pictures.items():
        low, high = percentiles(pixels, (0.5, 99.5))
        size = {
            "rows": pixels.shape[0],
            "columns": pixels.shape[1],
            "grey_levels": len(np.unique(pixels)),
            "turned_from": "LF",
        }
        window = {"window_low": low, "window_high": high}
        rows.append({"image": image, "batch": batch, **size, **window, "done": ["made for a test"]})
    STANDARD_IMAGES.write(places, STANDARD_IMAGES.frame(rows), batch)
    return pictures
