"""Standard images: decode each published picture once, and keep it upright, 16 bit and MONOCHROME2."""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from xray_platform.atomic import atomic_path, remove_leftovers
from xray_platform.dicom.standard.standard_job import (
    StandardJob,
    StandardSettings,
    StoreFailure,
    WriteStandardImage,
    WrittenStandardImage,
)
from xray_platform.dicom.standard.standard_shard import StandardShards, standard_shards
from xray_platform.dicom.standard.zarr_chunk import one_chunk
from xray_platform.errors import DataError, StoreError
from xray_platform.lots import map_in_lots
from xray_platform.object_store.on_demand import bring
from xray_platform.progress import Progress, silent
from xray_platform.tables.all import IMAGES, STANDARD_IMAGES
from xray_platform.tables.layouts import (
    STANDARD_IMAGES_LAYOUT,
    published_manifest,
    standard_folder,
    standard_manifest,
    standard_settings_file,
)
from xray_platform.tables.manifest import Manifest, below, facts_of, keep, read_checked, read_manifest
from xray_platform.tables.places import Places
from xray_platform.workers import GIB, Limits, Lost

__all__ = ["StandardSettings", "settings_of", "standardise_batch"]

DEFAULT = StandardSettings()
MADE_WITH = "made_with"
LIMITS = Limits(seconds=120, memory_bytes=8 * GIB)


def standardise_batch(
    places: Places, batch: str, settings: StandardSettings = DEFAULT, *, progress: Progress = silent
) -> pd.DataFrame:
    """Write the standard images of a batch and return their rows of the table, in the order of the images table.

    The shards are written beside the old ones and take their place at the end, so a crash leaves the old ones whole.
    Raises DataError where a published picture cannot be decoded, StoreError where one is not what was published, or
    the store cannot be read or written.
    """
    images = IMAGES.read(places, batch)
    folder, waiting = standard_folder(places, batch), standard_folder(places, f".{batch}.waiting")
    sizes = [int(rows * columns * 2) for rows, columns in zip(images["rows"], images["columns"], strict=True)]
    remove_leftovers(folder)
    with atomic_path(folder) as temporary, _emptied(waiting):
        made_with = {MADE_WITH: settings.model_dump(mode="json")}
        with standard_shards(temporary, made_with) as shards:
            jobs = _jobs(places, batch, images, waiting)
            made = list(_added(_made(jobs, sizes, settings, progress), shards, waiting))
        told = temporary / standard_settings_file(places, batch).name
        told.write_text(json.dumps(made_with[MADE_WITH], indent=1), encoding="utf-8")
        written = (*shards.shards, told)
        files = {below(places, folder / path.name): facts_of(path, sha256=False) for path in written}
    keep(places, Manifest(standard_manifest(batch), files, tuple(one.crc32c for one in made)))
    shutil.rmtree(places.standard / f"{batch}.zarr", ignore_errors=True)  # as earlier versions wrote it
    return STANDARD_IMAGES.frame([one.row for one in made])


def _added(
    made: Iterable[WrittenStandardImage], shards: StandardShards, waiting: Path
) -> Iterator[WrittenStandardImage]:
    """Move each picture's chunk into the shards as soon as it was made."""
    for one in made:
        image = str(one.row["image"])
        chunk = waiting / image
        shards.add(image, one.about, chunk.read_bytes())
        chunk.unlink()
        yield one


@contextmanager
def _emptied(folder: Path) -> Iterator[None]:
    """Give an empty folder, and take it away afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _jobs(places: Places, batch: str, images: pd.DataFrame, target: Path) -> list[StandardJob]:
    if images.empty:
        return []
    published = read_manifest(places, published_manifest(batch))
    files = [(str(image), places.processed / file) for image, file in zip(images["image"], images["file"], strict=True)]
    bring(places, [file for _, file in files])
    return [
        StandardJob(image, batch, str(file), published.crc32c(places, file), str(target / image))
        for image, file in files
    ]


def settings_of(places: Places, batches: Iterable[str]) -> StandardSettings:
    """Return the settings with which the standard images of these batches were made.

    Raises StoreError where a batch has none, DataError where they differ: a model must see all pictures alike.
    """
    first: tuple[str, StandardSettings] | None = None
    for batch in batches:
        found = _settings_of(places, batch)
        if first is not None and first[1] != found:
            raise DataError(
                f"the standard images of {first[0]} were made with {first[1]}, those of {batch} with {found}; "
                "materialise `standard_images` of all batches with the same settings"
            )
        first = first or (batch, found)
    return first[1] if first else DEFAULT


def _settings_of(places: Places, batch: str) -> StandardSettings:
    try:
        told = read_checked(places, standard_manifest(batch), standard_settings_file(places, batch))
        return StandardSettings.model_validate_json(told)
    except (StoreError, ValueError, KeyError) as error:
        message = f"the standard images of {batch} cannot be read; materialise `standard_images` ({error})"
        raise StoreError(message) from error


def _made(
    jobs: Sequence[StandardJob], sizes: Sequence[int], settings: StandardSettings, progress: Progress
) -> Iterator[WrittenStandardImage]:
    work = WriteStandardImage(settings, one_chunk("uint16", STANDARD_IMAGES_LAYOUT.codec))
    results = map_in_lots(work, jobs, sizes, what="pictures decoded", limits=LIMITS, progress=progress)
    for job, result in zip(jobs, results, strict=True):
        if isinstance(result, Lost):
            raise DataError(f"the published picture {job.image} cannot be decoded ({result.reason}: {result.detail})")
        if isinstance(result, StoreFailure):
            raise StoreError(result.reason)
        yield result
