"""Standard: decode each published picture once, and keep it upright, 16 bit and MONOCHROME2 for all later rooms."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import zarr

from xray_platform.dicom.chunks import map_in_lots
from xray_platform.dicom.greyscale import Image
from xray_platform.dicom.one_chunk import one_chunk
from xray_platform.dicom.standard_job import Standardise, StandardJob, StandardSettings, Unwritten
from xray_platform.errors import DataError, StoreError
from xray_platform.progress import Progress, silent
from xray_platform.tables.all import IMAGES, STANDARD_IMAGES
from xray_platform.tables.layouts import STANDARD_IMAGES_LAYOUT, standard_group
from xray_platform.tables.places import Places
from xray_platform.workers import GIB, Limits, Lost

__all__ = ["StandardSettings", "read_standard", "standardise_batch"]

DEFAULT = StandardSettings()
LIMITS = Limits(seconds=120, memory_bytes=8 * GIB)


def standardise_batch(
    places: Places, batch: str, settings: StandardSettings = DEFAULT, *, progress: Progress = silent
) -> pd.DataFrame:
    """Write the standard images of a batch and return their rows of the table, in the order of the images table.

    The group is written beside the old one and takes its place at the end, so a crash leaves the old one whole.
    Raises DataError where a published picture cannot be decoded (publishing decoded it before, so its file changed),
    StoreError where the store cannot be read or written.
    """
    images = IMAGES.read(places, batch)
    group = standard_group(places, batch)
    waiting = group.with_name(f".{group.name}")
    jobs = [
        StandardJob(image, batch, str(places.processed / file), str(waiting / image))
        for image, file in zip(images["image"], images["file"], strict=True)
    ]
    sizes = [int(rows * columns * 2) for rows, columns in zip(images["rows"], images["columns"], strict=True)]
    try:
        _new_group(waiting)
        rows = list(_made(jobs, sizes, settings, progress))
        _take_place(waiting, group)
    except OSError as error:
        raise StoreError(f"cannot write {group}: {error.strerror or error}") from error
    return STANDARD_IMAGES.frame(rows)


def read_standard(places: Places, batch: str, image: str) -> Image:
    """Return a standard image (rows, columns) uint16. Raises StoreError where there is none."""
    path = standard_group(places, batch) / image
    if not path.is_dir():
        raise StoreError(f"there is no standard image {image} in {batch}")
    pixels: Image = np.asarray(zarr.open_array(path, mode="r")[:])
    return pixels


def _made(
    jobs: Sequence[StandardJob], sizes: Sequence[int], settings: StandardSettings, progress: Progress
) -> Iterator[dict[str, Any]]:
    work = Standardise(settings, one_chunk("uint16", STANDARD_IMAGES_LAYOUT.codec))
    results = map_in_lots(work, jobs, sizes, what="pictures decoded", limits=LIMITS, progress=progress)
    for job, result in zip(jobs, results, strict=True):
        if isinstance(result, Lost):
            raise DataError(f"the published picture {job.image} cannot be decoded ({result.reason}: {result.detail})")
        if isinstance(result, Unwritten):
            raise StoreError(f"cannot write the standard image {job.image}: {result.reason}")
        yield result


def _new_group(path: Path) -> None:
    _remove(path)
    zarr.open_group(path, mode="w", zarr_format=3)


def _take_place(waiting: Path, group: Path) -> None:
    """Put a group in another's place; between the two renames a reader finds none, never a half."""
    old = group.with_name(f".{group.name}.old")
    _remove(old)
    if group.exists():
        group.rename(old)
    waiting.rename(group)
    _remove(old)


def _remove(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)
