"""Cohort: the labelled pictures that models learn from and are judged on, with their tensors."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_platform.defs.asset_result import frame_digest
from xray_platform.errors import DataError
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.store.tensors import read_tensors
from xray_platform.tables.all import SPLITS, TENSORS
from xray_platform.tables.places import Places


@dataclass(frozen=True)
class Cohort:
    """Labelled pictures: `rows` has image, batch, subject, abnormal, split, recipe and row, in a fixed order."""

    places: Places
    recipe: Recipe
    rows: pd.DataFrame

    def part(self, split: str, *, normal_only: bool = False) -> pd.DataFrame:
        """Return the rows of one split."""
        chosen = self.rows[self.rows["split"] == split]
        return chosen[~chosen["abnormal"].astype(bool)] if normal_only else chosen

    def images(self, rows: pd.DataFrame) -> NDArray[np.float32]:
        """Return the tensors of these rows, (N, side, side) float32 in [0, 1]."""
        return read_tensors(self.places, self.recipe.id, rows)

    def labels(self, rows: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which of these rows are abnormal, (N,)."""
        return rows["abnormal"].to_numpy(dtype=bool)


def data_digest(rows: pd.DataFrame) -> str:
    """Return 16 hexadecimal digits that say which pictures of whom these are, and which are abnormal.

    Equal digests mean the same data, however the pictures were prepared.
    """
    told = rows[["image", "subject", "abnormal"]].astype({"image": str, "subject": str, "abnormal": bool})
    return frame_digest(told.sort_values("image", ignore_index=True))[:16]


def read_cohort(places: Places, recipe: Recipe) -> Cohort:
    """Join splits and tensors of one recipe.

    Raises DataError where the recipe does not give pictures between black and white, no picture has a label, or none of
    them has tensors of this recipe.
    """
    if recipe.gives.low is None:
        raise DataError(f"the recipe gives {recipe.gives}; models here take pictures between black and white")
    splits = SPLITS.read(places)
    if splits.empty:
        raise DataError("no picture has a label; bring labels with `xray ingest PATH --labels FILE`")
    tensors = TENSORS.read(places)
    tensors = tensors[tensors["recipe"] == recipe.id]
    rows = splits.merge(tensors[["image", "recipe", "row"]], on="image", how="inner").sort_values(["batch", "image"])
    if rows.empty:
        side = recipe.shape[0] if recipe.shape else "?"
        raise DataError(
            f"none of the {len(splits)} labelled pictures has tensors of {side} pixels; materialise `tensors`"
        )
    return Cohort(places, recipe, rows.reset_index(drop=True))
