"""Stored images: tensors of one recipe as models take them, read out of their shards when they are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
import pandas as pd

from xray_platform.errors import InputError
from xray_platform.image_stack import Images, Indices
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.store.rounding import as_model_input
from xray_platform.imaging.store.shard_reader import ShardedImages
from xray_platform.imaging.store.tensors import open_tensors, read_opened
from xray_platform.tables.places import Places


@dataclass(frozen=True, eq=False)
class StoredImages:
    """Images (N, S, S) float32 in [0, 1] by index; each is held against its checksum when it is read.

    `rows` has the columns batch and row of the table TENSORS. Nothing but the tables of the shards stays in memory.
    """

    recipe: Recipe
    rows: pd.DataFrame = field(repr=False)
    opened: Mapping[str, ShardedImages] = field(repr=False)

    @classmethod
    def open(cls, places: Places, recipe: Recipe, rows: pd.DataFrame) -> "StoredImages":
        """Return the images of these rows; StoreError where a batch has no tensors of this recipe.

        Raises InputError where the recipe gives pictures of several sizes or channels.
        """
        if recipe.shape is None or len(recipe.shape) != 2:
            raise InputError(f"the recipe gives pictures of the shape {recipe.shape}; models here take (side, side)")
        batches = rows["batch"].astype(str).unique()
        return cls(recipe, rows, {batch: open_tensors(places, recipe.id, batch) for batch in batches})

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, S, S)."""
        return (len(self.rows), *(self.recipe.shape or ()))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Indices, /) -> Images:
        chosen = self.rows.iloc[index]
        wanted = [
            (self.opened[str(batch)], int(row)) for batch, row in zip(chosen["batch"], chosen["row"], strict=True)
        ]
        out = np.empty((len(wanted), *self.shape[1:]), np.float32)
        read_opened(wanted, out)
        return as_model_input(out, self.recipe.gives)

    def digest(self) -> str:
        """Return the SHA-256 of which pictures these are: recipe, batches, rows, checksums of the stored bytes."""
        said = sha256(self.recipe.id.encode())
        for batch, row in zip(self.rows["batch"], self.rows["row"], strict=True):
            recorded = self.opened[str(batch)].recorded
            said.update(f"{batch} {row} {recorded[int(row)] if recorded else ''}\n".encode())
        return said.hexdigest()
