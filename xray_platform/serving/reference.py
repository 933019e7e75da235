"""Reference: images that a model learnt from, as it sees them: how far a new one lies from them, which are most alike.

The distance is the mean one to the nearest neighbours in the model's own embedding (Sun et al., ICML 2022: deep nearest
neighbours for what lies outside of the training distribution). What is usual is told by images of the validation part.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from xray_platform.errors import StoreError
from xray_platform.image_stack import Embeddings, Labels
from xray_platform.serving.principal_axes import PrincipalAxes, principal_axes

CARD, ARRAYS = "reference.json", "reference.safetensors"
NEIGHBOURS = 5  # whose mean distance is the distance
USUAL = 0.99  # share of the validation images that lie no farther than the limit
MOST_SIMILAR = 4
SPARE = 1.5  # times the largest distance, where validation images are too few to tell that share

Unfamiliar = Literal["warn", "refuse"]
"""What becomes of an image beyond the limit: a prediction with a warning, or none."""
Distances = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Similar:
    """An image that a model learnt from and that looks like a given one to it."""

    image: str
    abnormal: bool
    distance: float


@dataclass(frozen=True)
class Placed:
    """Where an image lies: its distance from what a model learnt, the limit of that, and the most similar images.

    seen: its embedding, (C,) float32.
    """

    distance: float
    limit: float
    similar: tuple[Similar, ...]
    similar_normals: tuple[Similar, ...]
    seen: Embeddings = field(repr=False, compare=False)

    def beyond(self) -> str | None:
        """Say in words that the image lies beyond the limit; None where it does not."""
        if self.distance <= self.limit:
            return None
        return (
            f"distance: the image is unlike all that the model learnt from: it lies {self.distance:.2f} from the "
            f"nearest of these, {self.limit:.2f} is the limit; do not rely on the verdict"
        )

    def as_json(self) -> dict[str, object]:
        """The same as the fields of a JSON object."""
        return {
            "distance": self.distance,
            "distance_limit": self.limit,
            "similar": [asdict(one) for one in self.similar],
        }


@dataclass(frozen=True, eq=False)
class Reference:
    """What a model learnt from, as it sees it: `embeddings` (N, C) of length 1 of `images`, (N,) of them `abnormal`.

    `usual` are the distances of images that it did not learn from, sorted.
    """

    images: tuple[str, ...]
    abnormal: Labels
    embeddings: Embeddings = field(repr=False)
    usual: Distances = field(repr=False)

    @property
    def limit(self) -> float:
        """The distance beyond which an image is unlike all that the model learnt from: 1 in 100 would be by chance."""
        count = len(self.usual)
        place = int(np.ceil((count + 1) * USUAL)) - 1
        return float(self.usual[place]) if place < count else SPARE * float(self.usual[-1])

    @cached_property
    def axes(self) -> PrincipalAxes:
        """The directions in which what was learnt differs most."""
        return principal_axes(self.embeddings)

    def distances(self, seen: Embeddings) -> Distances:
        """Return how far each embedding (K, C) lies from what was learnt, (K,): 0 for the same, 2 for the opposite."""
        return _nearest_mean(self._apart(seen))

    def place(self, seen: Embeddings, most: int = MOST_SIMILAR) -> list[Placed]:
        """Return where each image lies whose embeddings (K, C) these are, with the `most` similar ones of each kind."""
        apart, normals = self._apart(seen), np.flatnonzero(~self.abnormal)
        limit, anyone = self.limit, np.arange(len(self.images))
        return [
            Placed(float(distance), limit, self._nearest(row, anyone, most), self._nearest(row, normals, most), own)
            for distance, row, own in zip(_nearest_mean(apart), apart, seen, strict=True)
        ]

    def _nearest(self, apart: Distances, among: npt.NDArray[np.intp], most: int) -> tuple[Similar, ...]:
        order = among[np.argsort(apart[among], kind="stable")[:most]]
        return tuple(Similar(self.images[one], bool(self.abnormal[one]), float(apart[one])) for one in order)

    def _apart(self, seen: Embeddings) -> Distances:
        alike = np.clip(seen.astype(np.float64) @ self.embeddings.T.astype(np.float64), -1, 1)
        return np.asarray(np.sqrt(2 - 2 * alike), np.float64)

    def save(self, folder: Path) -> None:
        """Write it into `folder`, which is made."""
        folder.mkdir(parents=True)
        card = {"images": list(self.images), "abnormal": self.abnormal.tolist()}
        (folder / CARD).write_text(json.dumps(card) + "\n", encoding="utf-8")
        save_file({"embeddings": self.embeddings.astype(np.float16), "usual": self.usual}, folder / ARRAYS)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return what `save` wrote; StoreError where it is missing or damaged."""
        try:
            card, arrays = json.loads((folder / CARD).read_text(encoding="utf-8")), load_file(folder / ARRAYS)
            abnormal, embeddings = np.array(card["abnormal"], bool), arrays["embeddings"].astype(np.float32)
            if not len(card["images"]) == len(abnormal) == len(embeddings):
                raise StoreError(f"{folder} is damaged: it names {len(card['images'])} images, not {len(embeddings)}")
            return cls(tuple(card["images"]), abnormal, embeddings, arrays["usual"])
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise StoreError(f"{folder} is missing or damaged: {error}") from error


def _nearest_mean(apart: Distances) -> Distances:
    return np.asarray(np.sort(apart, axis=1)[:, :NEIGHBOURS].mean(axis=1), np.float64)


def reference_of(images: Sequence[str], abnormal: Labels, learnt: Embeddings, others: Embeddings) -> Reference:
    """Return the reference of what a model `learnt` from, (N, C), and of `others`, (M, C), by which the usual is told.

    A model that learnt from normal images only is given normal ones only. N and M are at least 1.
    """
    stored = learnt.astype(np.float16).astype(np.float32)  # as it comes back from its folder
    made = Reference(tuple(images), abnormal, stored, np.zeros(1))
    return replace(made, usual=np.sort(made.distances(others)))
