"""Patches: windows that slide over pictures: cut, put back together, listed as a table, written out by class."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.errors import InputError, StoreError
from xray_platform.imaging.form import Pixels
from xray_platform.imaging.shards import ShardedPictures
from xray_platform.imaging.step import Shape
from xray_platform.imaging.tensors import read_tensors
from xray_platform.progress import Progress, silent
from xray_platform.settings import Settings
from xray_platform.tables.all import PATCHES, TENSORS
from xray_platform.tables.layouts import tensor_array
from xray_platform.tables.places import Places

Positions = NDArray[np.int64]
CLASSES = ("normal", "anomaly")


class PatchSettings(Settings):
    """How a window slides: its side and its stride; a stride as long as the side gives patches without overlap."""

    side: int = Field(32, ge=1, le=4096, description="height and width of a patch, in pixels")
    stride: int = Field(16, ge=1, le=4096, description="distance from one patch to the next, in pixels")

    def describe(self) -> str:
        """Say in words how the patches lie."""
        overlap = f"{self.side - self.stride} pixels overlap" if self.stride < self.side else "no overlap"
        return f"patches of {self.side} x {self.side} pixels every {self.stride}, {overlap}; the last end at the edge"


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
    """Cut pictures (N, rows, columns) of any dtype into patches (N, patches, side, side) and their positions."""
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
    rows = _tensor_rows(places, batch, recipe_id)
    shape = ShardedPictures.open(tensor_array(places, recipe_id, batch)).shape
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


def read_patches(places: Places, recipe_id: str, rows: pd.DataFrame) -> NDArray[np.float32]:
    """Return the patches of these rows (of the table PATCHES), in their order: float32 (N, side, side) in [0, 1].

    Raises InputError where the rows hold patches of different sides.
    """
    sides = rows["side"].unique()
    if len(sides) != 1:
        raise InputError(f"the rows hold patches of the sides {sorted(sides)}; read one side at a time")
    side = int(sides[0])
    tensors, numbers = _tensors_of(places, recipe_id, rows)
    patches = np.empty((len(rows), side, side), np.float32)
    for place, (number, top, left) in enumerate(zip(numbers, rows["top"], rows["left"], strict=True)):
        patches[place] = tensors[number, top : top + side, left : left + side]
    return patches


def materialise(
    places: Places, batch: str, recipe_id: str, settings: PatchSettings, truth: pd.DataFrame,
    *, progress: Progress = silent,
) -> dict[str, int]:  # fmt: skip
    """Write the patches of a batch as 16-bit PNG into `data/patches/{normal,anomaly}/` and return how many of each.

    `truth` has the columns `image` and `abnormal`; pictures without a truth are left out. A patch inherits its
    picture's class. A file is named `<image>-<recipe>-<side>-<top>-<left>.png`.
    """
    rows = _tensor_rows(places, batch, recipe_id).merge(truth[["image", "abnormal"]].dropna(), on="image")
    written = dict.fromkeys(CLASSES, 0)
    for folder in _class_folders(places):
        folder.mkdir(parents=True, exist_ok=True)
    for done, row in enumerate(rows.itertuples(index=False), start=1):
        name = CLASSES[bool(row.abnormal)]
        picture = rows.iloc[[done - 1]]
        written[name] += _write_patches(places, recipe_id, settings, picture, places.patches / name)
        progress(done, len(rows), "patches")
    return written


def _class_folders(places: Places) -> Iterator[Path]:
    return (places.patches / name for name in CLASSES)


def _write_patches(places: Places, recipe_id: str, settings: PatchSettings, row: pd.DataFrame, folder: Path) -> int:
    tensor = np.rint(read_tensors(places, recipe_id, row) * 65535).astype(np.uint16)
    patches, positions = cut(tensor, settings)
    image = row["image"].iloc[0]
    for patch, (top, left) in zip(patches[0], positions, strict=True):
        path = folder / f"{image}-{recipe_id}-{settings.side}-{top}-{left}.png"
        if not cv2.imwrite(str(path), patch):
            raise StoreError(f"cannot write the patch {path}")
    return len(positions)


def _tensor_rows(places: Places, batch: str, recipe_id: str) -> pd.DataFrame:
    rows = TENSORS.read(places, batch)
    return rows[rows["recipe"] == recipe_id].reset_index(drop=True)


def _tensors_of(places: Places, recipe_id: str, rows: pd.DataFrame) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return each tensor that the rows need once, and for each row which of them it needs."""
    keys = rows[["batch", "row", "recipe"]].astype({"batch": "string"})
    needed = keys.drop_duplicates().reset_index(drop=True)
    numbered = keys.merge(needed.assign(number=np.arange(len(needed))), on=["batch", "row", "recipe"], how="left")
    return read_tensors(places, recipe_id, needed), numbered["number"].to_numpy(np.int64)
