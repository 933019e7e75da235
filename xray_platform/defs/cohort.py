"""Cohort: the labelled pictures that models learn from and are judged on, with their tensors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_platform.clinical_columns import ClinicalImages, ClinicalValues
from xray_platform.defs.asset_result import frame_digest
from xray_platform.defs.clinical_values import clinical_values
from xray_platform.errors import DataError
from xray_platform.evaluation.class_outputs import present_classes
from xray_platform.image_stack import ImageSource, ViewedImages
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.store.stored_images import StoredImages
from xray_platform.imaging.store.tensors import read_rows
from xray_platform.tables.all import CLASSES, IMAGES, LABELS, SPLITS
from xray_platform.tables.findings import classes_in
from xray_platform.tables.places import Places
from xray_platform.training.split_groups import FACT_COLUMNS, picture_facts


@dataclass(frozen=True)
class Cohort:
    """Labelled pictures in a fixed order: `rows` has image, batch, subject, findings, abnormal and split.

    Besides, the rows of the tensors, of one recipe or of each that the parts of an ensemble read, and what splits can
    be grouped by: origin, device, view, sex and age. `clinical_columns` are those that the pictures are given out with.
    """

    places: Places
    recipes: tuple[Recipe, ...]
    rows: pd.DataFrame
    clinical_columns: tuple[str, ...] = ()

    def part(self, split: str, *, normal_only: bool = False) -> pd.DataFrame:
        """Return the rows of one split."""
        chosen = self.rows[self.rows["split"] == split]
        return chosen[~chosen["abnormal"].astype(bool)] if normal_only else chosen

    @property
    def side(self) -> int:
        """The side of the first view, in pixels: what heat maps have."""
        return self.recipes[0].side or 0

    def images(self, rows: pd.DataFrame) -> ImageSource:
        """Return the tensors of these rows, (N, side, side) float32 in [0, 1], each read when it is asked for.

        Of several recipes each is a view: (N, views, side, side), as `pack_views` packs them. With clinical columns
        they are (N, 2, side, side), see `clinical_columns.py`.
        """
        sources = tuple(
            StoredImages.open(self.places, recipe, rows[["batch"]].assign(row=rows[row_column(view)]))
            for view, recipe in enumerate(self.recipes)
        )
        images = ViewedImages(sources) if len(sources) > 1 else sources[0]
        return ClinicalImages(images, self.values(rows)) if self.clinical_columns else images

    def values(self, rows: pd.DataFrame) -> ClinicalValues:
        """Return the values of the clinical columns of these rows, (N, K) float32; K is 0 without columns."""
        if not self.clinical_columns:
            return np.zeros((len(rows), 0), np.float32)
        return clinical_values(self.places, rows["image"].astype(str).tolist(), self.clinical_columns)

    def labels(self, rows: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which of these rows are abnormal, (N,)."""
        return rows["abnormal"].to_numpy(dtype=bool)

    def classes(self) -> tuple[str, ...]:
        """Return the classes that the training part has, in their order."""
        learnt = {name for text in self.part("train")["findings"] for name in classes_in(str(text))}
        return tuple(name for name in CLASSES.read(self.places)["class"] if name in learnt)

    def present(self, rows: pd.DataFrame, classes: tuple[str, ...]) -> NDArray[np.bool_]:
        """Return which of the classes these rows have, (N, K)."""
        return present_classes([str(text) for text in rows["findings"]], classes)


def data_digest(rows: pd.DataFrame) -> str:
    """Return 16 hexadecimal digits that say which pictures of whom these are, and which are abnormal.

    Equal digests mean the same data, however the pictures were prepared.
    """
    return _digest(rows, {"image": str, "subject": str, "abnormal": bool})


def findings_digest(rows: pd.DataFrame) -> str:
    """Return 16 hexadecimal digits that say what was found on which pictures: what several classes are learnt from."""
    return _digest(rows, {"image": str, "findings": str})


def clinical_digest(cohort: Cohort) -> dict[str, str]:
    """Return, as `clinical`, 16 hexadecimal digits of the clinical columns' values; nothing without columns."""
    if not cohort.clinical_columns:
        return {}
    values = pd.DataFrame(cohort.values(cohort.rows)).assign(image=cohort.rows["image"].astype(str).to_numpy())
    return {"clinical": frame_digest(values.sort_values("image", ignore_index=True).rename(columns=str))[:16]}


def _digest(rows: pd.DataFrame, columns: dict[str, type]) -> str:
    said = rows[list(columns)].astype(columns)
    return frame_digest(said.sort_values("image", ignore_index=True))[:16]


def row_column(view: int) -> str:
    """Name of the column that says which row of a view's tensors a picture is."""
    return f"row_{view}"


def with_tensors(
    places: Places, pictures: pd.DataFrame, recipes: Sequence[Recipe], batch: str | None = None
) -> pd.DataFrame:
    """Return those of the pictures (column image) that have tensors of all these recipes, with their rows in them.

    They are looked for in one batch, or in all.
    """
    for view, recipe in enumerate(recipes):
        tensors = read_rows(places, recipe.id, batch)[["image", "row"]].rename(columns={"row": row_column(view)})
        pictures = pictures.merge(tensors, on="image", how="inner")
    return pictures


def read_cohort(places: Places, recipes: Sequence[Recipe], clinical_columns: Sequence[str] = ()) -> Cohort:
    """Join splits and the tensors of these recipes; pictures are given out with these clinical columns.

    Raises DataError where no picture has a label, or none of them has tensors of all these recipes.
    """
    rows = SPLITS.read(places)
    if rows.empty:
        raise DataError("no picture has a label; bring labels with `xray ingest PATH --labels FILE`")
    labelled = len(rows)
    rows = with_tensors(places, rows, recipes)
    if rows.empty:
        sides = " and ".join(str(recipe.side or "?") for recipe in recipes)
        raise DataError(
            f"none of the {labelled} labelled pictures has tensors of this recipe with {sides} pixels; tensors are "
            "made by the recipes and sides that models are set to in `xray.yaml` (`recipe`, `tensor_side`)"
        )
    rows = rows.sort_values(["batch", "image"]).merge(_facts(places), on="image", how="left")
    return Cohort(places, tuple(recipes), rows.reset_index(drop=True), tuple(clinical_columns))


def _facts(places: Places) -> pd.DataFrame:
    images = IMAGES.read(places, columns=("image", *FACT_COLUMNS))
    facts = pd.concat([images[["image"]], picture_facts(images)], axis=1)
    return facts.merge(LABELS.read(places, columns=("image", "origin")), on="image", how="left")
