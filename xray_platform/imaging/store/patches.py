"""Patches: windows that slide over pictures: cut, put back together, listed as a table, written out by class."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_platform.errors import DataError, InputError
from xray_platform.imaging.pixel_range import UNIT, Pixels
from xray_platform.imaging.step import Shape
from xray_platform.imaging.store.patch_settings import PatchSettings
from xray_platform.imaging.store.png_facts import Fact, fitting_facts, write_png
from xray_platform.imaging.store.rounding import to_storage
from xray_platform.imaging.store.tensors import open_tensors, read_recipe, read_rows, read_tensors
from xray_platform.progress import Progress, silent
from xray_platform.tables.all import IMAGES, PATCHES
from xray_platform.tables.faults import files_of
from xray_platform.tables.layouts import patches_manifest
from xray_platform.tables.manifest import FileFacts, Manifest, below, facts_of, keep
from xray_platform.tables.places import Places

Positions = NDArray[np.int64]
CLASSES = ("normal", "anomaly")


def positions_in(shape: Shape, settings: PatchSettings) -> Positions:
    """Return (top, left) of each patch in a picture of this shape, row by row: int64 (patches, 2), in pixels.

    Where the stride does not end at the edge a last patch does, so that a stride up to the side covers every pixel.
    Raises InputError where a patch does not fit into the picture.
    """
    rows, columns = shape[-2:]
    if settings.side > min(rows, columns):
        raise InputError(f"patches of side {settings.side} do not fit into pictures of {rows} x {columns}")
    tops, lefts = (_starts(length, settings) for length in (rows, columns))
    return np.stack(np.meshgrid(tops, lefts, indexing="ij"), axis=-1).reshape(-1, 2)


def _starts(length: int, settings: PatchSettings) -> Positions:
    last = length - settings.side
    return np.unique(np.append(np.arange(0, last + 1, settings.stride, dtype=np.int64), last))


def cut(images: Pixels, settings: PatchSettings) -> tuple[Pixels, Positions]:
    """Cut pictures (N, rows, columns) of any dtype into patches (N, patches, side, side) and their positions.

    Raises InputError for other shapes, or where a patch does not fit.
    """
    if images.ndim != 3:
        raise InputError(f"found an array of shape {images.shape}; patches are cut from (pictures, rows, columns)")
    positions = positions_in(images.shape, settings)
    windows = np.lib.stride_tricks.sliding_window_view(images, (settings.side, settings.side), axis=(1, 2))
    return windows[:, positions[:, 0], positions[:, 1]], positions


def assemble(patches: Pixels, positions: Positions, shape: Shape) -> Pixels:
    """Put patches (..., patches, side, side) back into maps (..., *shape); where they overlap, their mean.

    The result has the patches' dtype, rounded for integers; pixels that no patch covers are 0.
    Patches that were cut from a picture give exactly that picture.
    """
    side = patches.shape[-1]
    total = np.zeros((*patches.shape[:-3], *shape), np.float64)
    covered = np.zeros(shape, np.float64)
    for number, (top, left) in enumerate(positions):
        place = (..., slice(top, top + side), slice(left, left + side))
        total[place] += patches[..., number, :, :]
        covered[place] += 1
    mean = total / np.maximum(covered, 1)
    return (np.rint(mean) if np.issubdtype(patches.dtype, np.integer) else mean).astype(patches.dtype)


def spread(scores: Pixels, positions: Positions, side: int, shape: Shape) -> Pixels:
    """Turn one number a patch (..., patches) into maps (..., *shape), each patch's pixels sharing its number."""
    whole = np.broadcast_to(scores[..., None, None], (*scores.shape, side, side))
    return assemble(whole, positions, shape)


def index_batch(places: Places, batch: str, recipe_id: str, settings: PatchSettings) -> pd.DataFrame:
    """Return the table PATCHES of a batch: where each patch lies in which row of the tensors; nothing is copied."""
    rows = read_rows(places, recipe_id, batch)
    shape = open_tensors(places, recipe_id, batch).shape
    positions = positions_in(shape, settings)
    count = len(positions)
    frame = pd.DataFrame(
        {
            "image": rows["image"].repeat(count).array,
            "batch": batch,
            "recipe": recipe_id,
            "row": rows["row"].repeat(count).array,
            "patch": np.tile(np.arange(count), len(rows)),
            "top": np.tile(positions[:, 0], len(rows)),
            "left": np.tile(positions[:, 1], len(rows)),
            "side": settings.side,
        }
    )
    return frame.astype(PATCHES.frame([]).dtypes.to_dict())


def read_patch_settings(places: Places, recipe_id: str) -> PatchSettings:
    """Return how the tensors of a recipe are cut in the table PATCHES.

    Raises DataError where they are not, or two batches are cut differently.
    """
    found = {_settings_of(PATCHES.read(places, part), recipe_id) for part in PATCHES.parts(places)} - {None}
    if len(found) != 1:
        what = "cut differently in different batches" if found else "of another recipe or side, or not made yet"
        raise DataError(f"the patches are {what}; set `patches` in `xray.yaml` as the model that works on them")
    (settings,) = found
    assert settings is not None  # noqa: S101 - taken out above
    return settings


def _settings_of(rows: pd.DataFrame, recipe_id: str) -> PatchSettings | None:
    rows = rows[rows["recipe"] == recipe_id]
    if rows.empty:
        return None
    tops = np.unique(rows["top"].to_numpy(np.int64))
    side = int(rows["side"].iloc[0])
    return PatchSettings(side=side, stride=int(tops[1] - tops[0]) if len(tops) > 1 else side)


def read_patches(places: Places, recipe_id: str, rows: pd.DataFrame) -> NDArray[np.float32]:
    """Return the patches of these rows (of the table PATCHES), in their order: float32 (N, side, side) in [0, 1].

    Scores come as they are, three channels as (N, 3, side, side).
    Raises InputError where the rows hold patches of different sides.
    """
    sides = rows["side"].unique()
    if len(sides) != 1:
        raise InputError(f"the rows hold patches of the sides {sorted(sides)}; read one side at a time")
    side = int(sides[0])
    tensors, numbers = _tensors_of(places, recipe_id, rows)
    patches = np.empty((len(rows), *tensors.shape[1:-2], side, side), np.float32)
    for place, (number, top, left) in enumerate(zip(numbers, rows["top"], rows["left"], strict=True)):
        patches[place] = tensors[number, ..., top : top + side, left : left + side]
    return patches


def write_patch_files(
    places: Places, batch: str, recipe_id: str, settings: PatchSettings, labels: pd.DataFrame,
    *, progress: Progress = silent,
) -> dict[str, int]:  # fmt: skip
    """Write the patches of a batch as 16-bit PNG into `data/patches/{normal,anomaly}/` and return how many of each.

    `labels` has the columns `image` and `abnormal`. A patch inherits its picture's class and carries the picture's
    facts (see `read_facts`); it is named `<image>-<recipe>-<side>-<top>-<left>.png`. A picture without a label has no
    patches, and one whose label changed leaves none behind; nor does another stride. A manifest is kept of them.
    Raises InputError where the recipe's pictures do not lie between black and white.
    """
    pixel_range = read_recipe(places, recipe_id).gives
    if pixel_range.low is None:
        raise InputError(f"the recipe gives {pixel_range}; patches are written of pictures between black and white")
    rows = read_rows(places, recipe_id, batch).merge(labels[["image", "abnormal"]], on="image", how="left")
    facts, written = _facts(places, batch), dict.fromkeys(CLASSES, 0)
    for folder in _class_folders(places):
        folder.mkdir(parents=True, exist_ok=True)
    name, files = patches_manifest(batch, recipe_id, settings.side), dict[str, FileFacts]()
    before = files_of(places, name)
    for done, (place, abnormal) in enumerate(rows["abnormal"].items(), start=1):
        picture = rows.loc[[place]]
        image = picture["image"].iloc[0]
        kind = None if pd.isna(abnormal) else CLASSES[bool(abnormal)]
        patches = _as_files(places, recipe_id, settings, picture)
        _remove(patches, [places.patches / other for other in CLASSES if other != kind])
        if kind is not None:
            files |= _write(places, patches, kind, {**facts.get(image, {}), "image": image, "recipe": recipe_id})
            written[kind] += len(patches)
        progress(done, len(rows), "patches")
    for path in before.keys() - files.keys():
        (places.data / path).unlink(missing_ok=True)
    keep(places, Manifest(name, files))
    return written


def _class_folders(places: Places) -> Iterator[Path]:
    return (places.patches / name for name in CLASSES)


def _as_files(places: Places, recipe_id: str, settings: PatchSettings, row: pd.DataFrame) -> dict[str, Pixels]:
    """Return the patches of one picture by file name."""
    tensor = to_storage(read_tensors(places, recipe_id, row), UNIT)
    patches, positions = cut(tensor, settings)
    stem = f"{row['image'].iloc[0]}-{recipe_id}-{settings.side}"
    return {f"{stem}-{top}-{left}.png": patch for patch, (top, left) in zip(patches[0], positions, strict=True)}


def _facts(places: Places, batch: str) -> dict[str, dict[str, Fact]]:
    """Return what may travel of each picture's row in the table `images`; the whole picture's size does not."""
    rows = IMAGES.read(places, batch).drop(columns=["rows", "columns"]).to_dict("records")
    return {str(row["image"]): fitting_facts(row) for row in rows}


def _remove(patches: Iterable[str], folders: list[Path]) -> None:
    for folder in folders:
        for name in patches:
            (folder / name).unlink(missing_ok=True)


def _write(places: Places, patches: dict[str, Pixels], kind: str, facts: dict[str, Fact]) -> dict[str, FileFacts]:
    written = {}
    for name, patch in patches.items():
        path = places.patches / kind / name
        write_png(path, patch, facts)
        written[below(places, path)] = facts_of(path, sha256=False)
    return written


def _tensors_of(places: Places, recipe_id: str, rows: pd.DataFrame) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return each tensor that the rows need once, and for each row which of them it needs."""
    keys = rows[["batch", "row", "recipe"]].astype({"batch": "string"})
    needed = keys.drop_duplicates().reset_index(drop=True)
    numbered = keys.merge(needed.assign(number=np.arange(len(needed))), on=["batch", "row", "recipe"], how="left")
    return read_tensors(places, recipe_id, needed), numbered["number"].to_numpy(np.int64)
