"""Standard: decode each published picture once, and keep it upright, 16 bit and MONOCHROME2 for all later rooms."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import zarr
from pydantic import Field

from xray_platform.dicom.chunks import map_in_lots
from xray_platform.dicom.picture import Image, read_picture
from xray_platform.errors import DataError, StoreError
from xray_platform.progress import Progress, silent
from xray_platform.settings import Settings
from xray_platform.tables.all import IMAGES, STANDARD_IMAGES
from xray_platform.tables.layouts import STANDARD_IMAGES_LAYOUT, standard_group
from xray_platform.tables.places import Places
from xray_platform.workers import Limits, Lost

GIBI = 1024**3


class StandardSettings(Settings):
    """How a standard image is made."""

    window_low_percent: float = Field(
        0.5, ge=0, lt=50, description="share of unpadded pixels below the window", json_schema_extra={"unit": "%"}
    )
    window_high_percent: float = Field(
        99.5, gt=50, le=100, description="share of unpadded pixels below the upper end of the window",
        json_schema_extra={"unit": "%"},
    )  # fmt: skip


DEFAULT = StandardSettings()


@dataclass(frozen=True)
class _Job:
    """One picture to make: its published file, and the array to write."""

    image: str
    batch: str
    file: str
    array: str


def standardise_batch(
    places: Places, batch: str, settings: StandardSettings = DEFAULT, *, progress: Progress = silent
) -> pd.DataFrame:
    """Write the standard images of a batch and return their rows of the table.

    The group is written beside the old one and takes its place at the end, so a crash leaves the old one whole.
    Raises DataError where a published picture cannot be decoded: publishing let through what it should not.
    """
    images = IMAGES.read(places, batch)
    group = standard_group(places, batch)
    waiting = group.with_name(f".{group.name}")
    _new_group(waiting)
    jobs = [
        _Job(image, batch, str(places.processed / file), str(waiting / image))
        for image, file in zip(images["image"], images["file"], strict=True)
    ]
    sizes = [int(rows * columns) for rows, columns in zip(images["rows"], images["columns"], strict=True)]
    limits = Limits(seconds=120, memory_bytes=8 * GIBI)
    rows = []
    for job, result in zip(
        jobs,
        map_in_lots(_Standardise(settings), jobs, sizes, what="pictures decoded", limits=limits, progress=progress),
        strict=True,
    ):
        if isinstance(result, Lost):
            raise DataError(f"the published picture {job.image} cannot be decoded ({result.reason}: {result.detail})")
        rows.append(result)
    if group.exists():
        shutil.rmtree(group)
    waiting.rename(group)
    return STANDARD_IMAGES.frame(rows)


def read_standard(places: Places, batch: str, image: str) -> Image:
    """Return a standard image (rows, columns) uint16. Raises StoreError where there is none."""
    path = standard_group(places, batch) / image
    if not path.is_dir():
        raise StoreError(f"there is no standard image {image} in {batch}")
    pixels: Image = np.asarray(zarr.open_array(path, mode="r")[:])
    return pixels


def _new_group(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)
    zarr.open_group(path, mode="w", zarr_format=3)


@dataclass(frozen=True)
class _Standardise:
    settings: StandardSettings

    def __call__(self, job: _Job) -> dict[str, Any]:
        picture = read_picture(Path(job.file).read_bytes())
        rows, columns = picture.pixels.shape
        array = zarr.create_array(
            job.array,
            shape=(rows, columns),
            chunks=(rows, columns),
            dtype="uint16",
            compressors=STANDARD_IMAGES_LAYOUT.codec,
            zarr_format=3,
        )
        array[:] = picture.pixels
        return {
            "image": job.image,
            "batch": job.batch,
            "rows": rows,
            "columns": columns,
            "window_low": picture.window_low,
            "window_high": picture.window_high,
            "grey_levels": picture.grey_levels,
            "done": list(picture.done),
        }
