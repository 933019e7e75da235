"""Export: write a store's pictures as 16-bit PNG files that carry the facts research needs, and no identity."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from xray_platform.atomic import atomic_write
from xray_platform.errors import DataError, InputError, StoreError
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.store.png_facts import Fact, fitting_facts, write_png
from xray_platform.imaging.store.rounding import to_storage
from xray_platform.imaging.store.standard_image_reader import StandardImageBatch, StandardImageFile, read_standard_image
from xray_platform.progress import Progress, silent
from xray_platform.tables.all import IMAGES, LABELS, SPLITS, STANDARD_IMAGES
from xray_platform.tables.places import Places
from xray_platform.workers import Lost, map_in_children

INDEX = "index.csv"
OTHERWISE = {"rows", "columns", "photometric"}  # of the source; the file says its own
CHANGED = ("spacing_mm", "window_low", "window_high")  # no longer true of what a recipe made


@dataclass(frozen=True)
class _Job:
    """One picture to write."""

    source: StandardImageFile
    target: Path
    window: tuple[float, float]
    facts: dict[str, Fact]


def export_pictures(places: Places, folder: Path, recipe: Recipe | None = None, *, progress: Progress = silent) -> int:
    """Write every standard image of a store to `folder/<image>.png` and an index, and return how many there are.

    As they are stored (16 bit, grey values after the modality transformation), or as a recipe prepares them. Each file
    carries what may travel of its row in the table `images` (`read_facts` reads it back). `folder/index.csv` has a line
    a picture: image, subject (a pseudonym), split, label (normal or abnormal) and finding (the word of the labels
    file), empty where the store does not know. Raises InputError for a recipe that does not give pictures between black
    and white or a folder that cannot be, DataError for a store without pictures, StoreError where a picture cannot be
    read or written.
    """
    if recipe is not None and recipe.gives.low is None:
        raise InputError(f"the recipe gives {recipe.gives}; pictures between black and white can be written")
    rows = STANDARD_IMAGES.read(places).merge(IMAGES.read(places), on=["image", "batch"], suffixes=("", "_source"))
    if rows.empty:
        raise DataError(f"{places.root} has no pictures yet; `xray ingest` brings some")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {folder}: {error.strerror or error}") from error
    jobs = _jobs(places, folder, rows, recipe)
    results = map_in_children(partial(_write, recipe=recipe), jobs, what="pictures exported", progress=progress)
    for job, result in zip(jobs, results, strict=True):
        if isinstance(result, Lost):
            raise StoreError(f"picture {job.target.stem} could not be exported: {result.reason}, {result.detail}")
        if result:
            raise StoreError(result)
    _write_index(places, folder, rows)
    return len(jobs)


def _write_index(places: Places, folder: Path, rows: pd.DataFrame) -> None:
    """Write the index atomically, after the pictures: where it is, all that it names is there."""
    labels, splits = LABELS.read(places), SPLITS.read(places)
    known = rows[["image", "subject"]].merge(splits[["image", "split"]], on="image", how="left")
    known = known.merge(labels[["image", "label", "abnormal"]], on="image", how="left")
    word = known["abnormal"].map({True: "abnormal", False: "normal"})
    index = pd.DataFrame(
        {
            "image": known["image"],
            "subject": known["subject"],
            "split": known["split"],
            "label": word,
            "finding": known["label"],
        }
    ).sort_values("image")
    atomic_write(folder / INDEX, index.to_csv(index=False))


def _jobs(places: Places, folder: Path, rows: pd.DataFrame, recipe: Recipe | None) -> Sequence[_Job]:
    jobs, standard = [], {str(batch): StandardImageBatch.open(places, str(batch)) for batch in rows["batch"].unique()}
    for row in rows.to_dict("records"):
        facts: dict[Any, Any] = {name: value for name, value in row.items() if name not in OTHERWISE}
        facts["photometric"] = "MONOCHROME2"
        if recipe is not None:
            facts |= dict.fromkeys(CHANGED) | {"recipe": recipe.id}
        image, window = str(row["image"]), (float(row["window_low"]), float(row["window_high"]))
        jobs.append(_Job(standard[str(row["batch"])][image], folder / f"{image}.png", window, fitting_facts(facts)))
    return jobs


def _write(job: _Job, recipe: Recipe | None) -> str:
    """Write one picture in a child process; return what kept it from that, or nothing."""
    try:
        pixels = read_standard_image(job.source)
        if recipe is not None:
            pixels = to_storage(recipe.apply(pixels, job.window), recipe.gives)
        write_png(job.target, pixels, job.facts)
    except StoreError as error:
        return str(error)
    return ""
