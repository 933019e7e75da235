"""Tensors: prepare a batch's standard images by a recipe, store them as one sharded zarr array, read them by row."""

import json
import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import zarr
from numpy.typing import NDArray

from xray_platform.atomic import atomic_path, atomic_write
from xray_platform.errors import InputError, StoreError
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.step import Found, Shape
from xray_platform.imaging.store.rounding import read_scale, stored_dtype, stored_meaning
from xray_platform.imaging.store.shard_job import ShardJob, ShardMade, prepare_shard
from xray_platform.imaging.store.shard_reader import ShardedImages
from xray_platform.imaging.store.standard_image_reader import StandardImageBatch, read_standard_image
from xray_platform.object_store.on_demand import bring
from xray_platform.progress import Progress, silent
from xray_platform.tables.all import STANDARD_IMAGES, TENSORS
from xray_platform.tables.layouts import (
    ABOUT,
    BYTES_A_SHARD,
    PICTURES_A_SHARD,
    TENSORS_LAYOUT,
    found_file,
    recipe_file,
    tensor_array,
    tensors_manifest,
)
from xray_platform.tables.manifest import (
    REMEDY,
    FileFacts,
    Manifest,
    below,
    facts_of,
    keep,
    manifest_file,
    read_checked,
    read_manifest,
)
from xray_platform.tables.places import Places
from xray_platform.workers import Lost, cores, map_in_children

WORTH_CHILDREN = 6.0  # seconds of work; with less, starting child processes takes longer than they save
TRIED = 3  # pictures that are prepared to learn how long one takes
WORTH_THREADS = 256  # pictures that a thread reads at a time; fewer are read at once
AXES = {2: ("picture", "row", "column"), 3: ("picture", "channel", "row", "column")}


def tensorise_batch(
    places: Places, batch: str, recipe: Recipe, *, workers: int | None = None, progress: Progress = silent
) -> pd.DataFrame:
    """Prepare every standard image of a batch and return which row is which picture (the table TENSORS).

    Writes `data/tensors/<recipe>/<batch>.zarr` as a whole and the recipe beside it.
    Children do the work, one a core or `workers` of them.
    Raises InputError where the recipe gives no fixed size, StoreError where a picture cannot be read.
    """
    pictures = STANDARD_IMAGES.read(places, batch)
    target = tensor_array(places, recipe.id, batch)
    with atomic_path(target) as temporary:
        create_tensors(temporary, len(pictures), recipe)
        shards = _fill(list(_jobs(places, batch, temporary, recipe, pictures)), len(pictures), workers, progress)
    _keep(places, recipe, batch, list(pictures["image"]), shards)
    images = enumerate(pictures["image"])
    return TENSORS.frame([{"image": i, "batch": batch, "recipe": recipe.id, "row": row} for row, i in images])


def rows_part(batch: str, recipe_id: str) -> str:
    """Name of the part of the table TENSORS that says which row of a batch's tensors of a recipe is which picture."""
    return f"{batch}-{recipe_id}"


def read_rows(places: Places, recipe_id: str, batch: str | None = None) -> pd.DataFrame:
    """Return which row of a recipe's tensors is which picture, of one batch or of all; empty where there are none."""
    if batch is not None:
        return TENSORS.read(places, rows_part(batch, recipe_id))
    parts = [part for part in TENSORS.parts(places) if part.endswith(rows_part("", recipe_id))]
    return pd.concat([TENSORS.frame([]), *(TENSORS.read(places, part) for part in parts)], ignore_index=True)


def _keep(places: Places, recipe: Recipe, batch: str, images: list[str], shards: list[ShardMade]) -> None:
    """Write the recipe and what it found beside the tensors, and keep the manifest of it all."""
    array, beside = tensor_array(places, recipe.id, batch), found_file(places, recipe.id, batch)
    found = dict(zip(images, (found for shard in shards for found in shard.found), strict=True))
    about = {"id": recipe.id, "recipe": recipe.model_dump(mode="json"), "steps": recipe.describe()}
    files = {array / shard.path: shard.facts for shard in shards}
    files |= {array / ABOUT: facts_of(array / ABOUT), beside: _write_json(beside, found)}
    files[recipe_file(places, recipe.id)] = _write_json(recipe_file(places, recipe.id), about)
    rows = tuple(crc32c for shard in shards for crc32c in shard.rows)
    name = tensors_manifest(recipe.id, batch)
    keep(places, Manifest(name, {below(places, path): facts for path, facts in files.items()}, rows))


def open_tensors(places: Places, recipe_id: str, batch: str) -> ShardedImages:
    """Open a batch's tensors of a recipe, each to be held against its checksum when it is read.

    Raises StoreError where there are none.
    """
    array = tensor_array(places, recipe_id, batch)
    bring(places, [array])
    if not array.exists() and not manifest_file(places, tensors_manifest(recipe_id, batch)).exists():
        raise StoreError(f"there are no tensors at {array}")
    manifest = read_manifest(places, tensors_manifest(recipe_id, batch))
    return ShardedImages.open(array, manifest.rows, manifest.crc32c(places, array / ABOUT))


def read_tensors(places: Places, recipe_id: str, rows: pd.DataFrame) -> NDArray[np.float32]:
    """Return the tensors of these rows (of the table TENSORS), in their order: float32 (N, side, side).

    Integers come as [0, 1] (black to white); standardised values as they are; three channels as (N, 3, side, side).
    Rows may mix batches.
    Raises StoreError where a batch has no tensors of this recipe, or a row is not there.
    """
    recipes = set(rows["recipe"])
    if recipes - {recipe_id}:
        raise InputError(f"the rows are of the recipes {sorted(recipes)}; asked for {recipe_id}")
    opened = {batch: open_tensors(places, recipe_id, batch) for batch in rows["batch"].unique()}
    shape = next(iter(opened.values())).shape[1:] if opened else _shape(read_recipe(places, recipe_id))
    out = np.empty((len(rows), *shape), np.float32)
    read_opened([(opened[batch], int(row)) for batch, row in zip(rows["batch"], rows["row"], strict=True)], out)
    return out


def read_opened(wanted: Sequence[tuple[ShardedImages, int]], out: NDArray[np.float32]) -> None:
    """Read rows of opened tensors of one recipe into `out`, (len(wanted), ...), many at once on all cores."""
    if len(wanted) < WORTH_THREADS:
        _read_as_floats(wanted, out)
        return
    parts = [slice(first, first + WORTH_THREADS) for first in range(0, len(wanted), WORTH_THREADS)]
    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(_read_as_floats, [wanted[part] for part in parts], [out[part] for part in parts]))


def read_recipe(places: Places, recipe_id: str) -> Recipe:
    """Return the recipe that lies beside its tensors; raises StoreError where there is none, or another one."""
    path = recipe_file(places, recipe_id)
    try:
        recipe = Recipe.model_validate(json.loads(path.read_text(encoding="utf-8"))["recipe"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"there is no readable recipe at {path}; {REMEDY}") from error
    if recipe.id != recipe_id:
        raise StoreError(f"the recipe at {path} is not what was made: it is that of {recipe.id}; {REMEDY}")
    return recipe


def read_found(places: Places, recipe_id: str, batch: str) -> dict[str, tuple[Found, ...]]:
    """Return what each step found in each picture of a batch, step by step; raises StoreError where there is none."""
    path = found_file(places, recipe_id, batch)
    try:
        kept = json.loads(read_checked(places, tensors_manifest(recipe_id, batch), path))
        return {image: tuple(found) for image, found in kept.items()}
    except (StoreError, ValueError) as error:
        raise StoreError(f"there is no readable record of what the recipe found at {path}: {error}") from error


def _read_as_floats(wanted: Sequence[tuple[ShardedImages, int]], out: NDArray[np.float32]) -> None:
    dtype = wanted[0][0].dtype if wanted else np.dtype(np.uint16)  # one recipe stores one dtype
    stored, scale = np.empty(out.shape[1:], dtype), read_scale(dtype)
    for picture, (tensors, row) in zip(out, wanted, strict=True):
        tensors.read_into(row, stored)
        picture[...] = stored  # converting and scaling apart is faster than both at once
        np.multiply(picture, scale, out=picture)


def _shape(recipe: Recipe) -> Shape:
    if recipe.shape is None:
        raise InputError(
            "the recipe gives pictures of different sizes; tensors need a step that fixes the size (resize)"
        )
    return recipe.shape


def create_tensors(folder: Path, pictures: int, recipe: Recipe) -> None:
    """Create the array for so many pictures of a recipe, as `TENSORS_LAYOUT` says, black so far."""
    shape = _shape(recipe)
    folder.parent.mkdir(parents=True, exist_ok=True)
    zarr.create_array(
        folder,
        shape=(pictures, *shape),
        dtype=stored_dtype(recipe.gives),
        chunks=(1, *shape),
        shards=(_shard_length(pictures, shape), *shape),
        compressors=TENSORS_LAYOUT.codec,
        fill_value=0,
        dimension_names=AXES[len(shape)],
        attributes={
            "recipe": recipe.id,
            "steps": recipe.describe(),
            "gives": str(recipe.gives),
            "stored": stored_meaning(recipe.gives),
        },
    )


def _shard_length(pictures: int, shape: Shape) -> int:
    """Return how many pictures a shard holds: at least four shards a batch, so that the cores share the work."""
    fitting = BYTES_A_SHARD // (2 * math.prod(shape))
    return max(min(-(-pictures // 4), PICTURES_A_SHARD, fitting), 1)


def _jobs(places: Places, batch: str, target: Path, recipe: Recipe, pictures: pd.DataFrame) -> Iterator[ShardJob]:
    length = _shard_length(len(pictures), _shape(recipe))
    if pictures.empty:
        return
    standard = StandardImageBatch.open(places, batch)
    for first in range(0, len(pictures), length):
        part = pictures.iloc[first : first + length]
        windows = zip(part["window_low"].astype(float), part["window_high"].astype(float), strict=True)
        yield ShardJob(target, recipe, first, tuple(standard[image] for image in part["image"]), tuple(windows))


def _fill(jobs: list[ShardJob], pictures: int, workers: int | None, progress: Progress) -> list[ShardMade]:
    """Do the jobs, and return what was written."""
    results: Iterator[ShardMade | Lost]
    if workers is None and pictures * _seconds_a_picture(jobs) < WORTH_CHILDREN:
        results = (prepare_shard(job) for job in jobs)
    else:
        results = map_in_children(prepare_shard, jobs, what="tensors", workers=workers)
    made: list[ShardMade] = []
    for job, result in zip(jobs, results, strict=True):
        if isinstance(result, Lost):
            raise StoreError(f"the tensors from row {job.first} on could not be made: {result.reason}, {result.detail}")
        made.append(result)
        progress(job.first + len(job.images), pictures, "tensors")
    return made


def _seconds_a_picture(jobs: list[ShardJob]) -> float:
    """Return how long a picture takes, tried on the first ones of the batch; 0 for an empty batch."""
    tried = [pair for job in jobs[:1] for pair in zip(job.images[:TRIED], job.windows, strict=False)]
    began = time.perf_counter()
    for image, window in tried:
        jobs[0].recipe.trace(read_standard_image(image), window)
    return (time.perf_counter() - began) / max(len(tried), 1)


def _write_json(path: Path, content: Any) -> FileFacts:
    """Write a JSON file, unless just this is there: all batches of a recipe share one file."""
    data = (json.dumps(content, indent=1) + "\n").encode()
    if not path.is_file() or path.read_bytes() != data:
        atomic_write(path, data)
    return facts_of(path, data)
