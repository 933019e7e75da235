"""Labelled images: a folder of images with its list, as the benchmarks of models read it; prepared by a recipe once."""

import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_platform.dicom.pixels.standard_image import read_picture
from xray_platform.errors import InputError
from xray_platform.image_stack import Images
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.store.rounding import as_model_input, from_storage, to_storage
from xray_platform.progress import Progress
from xray_platform.training.split_settings import SplitSettings
from xray_platform.training.splits import assign_splits

LISTS = ("manifest.csv", "labels.csv")
BOXES = "boxes.csv"
NAMES = {"patient": "subject", "patient_id": "subject", "nih_labels": "class", "rsna_class": "read"}
NORMAL = {"NORMAL", "No Finding"}
"""What a list calls an image without a finding."""
READ_NORMAL, READ_ABNORMAL = "Normal", "Lung Opacity"
"""What a radiologist who looked at an image again called it, where the list says so; other words are neither."""


@dataclass(frozen=True)
class LabelledImages:
    """Images of one folder: `rows` has file, subject, abnormal, family, split and read (True, False or null)."""

    folder: Path
    rows: pd.DataFrame

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def abnormal(self) -> NDArray[np.bool_]:
        return self.rows["abnormal"].to_numpy(bool)

    @property
    def families(self) -> list[str]:
        """Beginnings of file names that normal images have, where there are two or more: devices, or deliveries."""
        found = sorted(self.rows.loc[~self.abnormal, "family"].unique())
        return found if 1 < len(found) < 5 else []

    def within(self, *splits: str) -> NDArray[np.bool_]:
        """Return which images are in these parts of a division by subject."""
        return self.rows["split"].isin(splits).to_numpy(bool)

    def prepared(self, recipe: Recipe, progress: Progress) -> Images:
        """Return all images as models take them, (N, S, S)."""
        stack = []
        for done, file in enumerate(self.rows["file"], start=1):
            standard = read_picture((self.folder / file).read_bytes())
            pixels = recipe.apply(standard.pixels, (standard.window_low, standard.window_high))
            stack.append(as_model_input(from_storage(to_storage(pixels, recipe.gives)), recipe.gives))
            progress(done, len(self.rows), f"{self.name}: images prepared")
        return np.stack(stack)

    def kept(self, which: NDArray[np.bool_]) -> "LabelledImages":
        """Return some of the images."""
        return replace(self, rows=self.rows[which].reset_index(drop=True))

    @cached_property
    def boxes(self) -> pd.DataFrame:
        """Boxes around findings, one a row: file, x, y, width, height in pixels of the file; none without a list."""
        path = self.folder / BOXES
        return pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=["file", "x", "y", "width", "height"])


def read_labelled(folder: Path, seed: int = 0) -> LabelledImages:
    """Return the images of a folder, divided 70/15/15 by subject as the platform does it.

    Raises InputError where the folder has no list, or it lacks file, subject (or patient) or class.
    """
    path = next((folder / name for name in LISTS if (folder / name).is_file()), None)
    if path is None:
        raise InputError(f"{folder} holds neither {' nor '.join(LISTS)}")
    rows = pd.read_csv(path, dtype=str, keep_default_na=False).rename(columns=NAMES)
    missing = [name for name in ("file", "subject", "class") if name not in rows]
    if missing:
        raise InputError(f"{path} lacks {', '.join(missing)}")
    if not (folder / rows["file"].iloc[0]).is_file():
        rows["file"] = "images/" + rows["file"]
    rows["abnormal"] = ~rows["class"].isin(NORMAL)
    rows["family"] = [re.split(r"\d{2,}", Path(file).name)[0] for file in rows["file"]]
    read = rows["read"] if "read" in rows else pd.Series("", index=rows.index)
    rows["read"] = read.map({READ_NORMAL: False, READ_ABNORMAL: True})
    rows["split"] = _splits(rows, seed)
    return LabelledImages(folder, rows[["file", "subject", "abnormal", "family", "split", "read"]])


def _splits(rows: pd.DataFrame, seed: int) -> pd.Series:
    pictures = pd.DataFrame(
        {
            "image": [f"{number:09d}" for number in range(len(rows))],
            "batch": "batch-0001",
            "subject": rows["subject"],
            "pixel_sha256": rows["sha1"] if "sha1" in rows else rows["file"],
            "findings": np.where(rows["abnormal"], "abnormal", "normal"),
            "abnormal": rows["abnormal"],
            "split_given": None,
        }
    )
    split = assign_splits(pictures, pd.DataFrame(columns=["subject", "split", "reason"]), SplitSettings(seed=seed))
    return split.set_index("image")["split"].loc[pictures["image"]].reset_index(drop=True)
