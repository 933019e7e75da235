"""A tiny store of standard images, as the intake would leave it, for the tests of this room."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import zarr

from xray_platform.imaging.percentiles import percentiles
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.tables.all import STANDARD_IMAGES
from xray_platform.tables.layouts import STANDARD_IMAGES_LAYOUT, standard_group, standard_manifest
from xray_platform.tables.manifest import keep_folder
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


def write_standard(group: zarr.Group, image: str, pixels: Pixels) -> None:
    """Write one standard image as the intake does; a black one has its chunk too."""
    with zarr.config.set({"array.write_empty_chunks": True}):
        group.create_array(image, data=pixels, chunks=pixels.shape, compressors=STANDARD_IMAGES_LAYOUT.codec)


def keep_standard(places: Places, batch: str) -> None:
    """Record a batch's standard images as they lie now, as who made them would."""
    keep_folder(places, standard_manifest(batch), standard_group(places, batch))


def _write_batch(places: Places, batch: str, count: int, seed: int) -> dict[str, Pixels]:
    pictures = {f"{seed + n:016x}": soft_picture(seed + n, 60 + 7 * (n % 5), 80 - 3 * (n % 4)) for n in range(count)}
    group = zarr.open_group(standard_group(places, batch), mode="w")
    rows = []
    for image, pixels in pictures.items():
        write_standard(group, image, pixels)
        low, high = percentiles(pixels, (0.5, 99.5))
        size = {"rows": pixels.shape[0], "columns": pixels.shape[1], "grey_levels": len(np.unique(pixels))}
        window = {"window_low": low, "window_high": high}
        rows.append({"image": image, "batch": batch, **size, **window, "done": ["made for a test"]})
    keep_standard(places, batch)
    STANDARD_IMAGES.write(places, STANDARD_IMAGES.frame(rows), batch)
    return pictures
