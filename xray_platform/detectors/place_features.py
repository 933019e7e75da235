"""Place features: numbers for each place of a picture: detail of some sizes, or what a borrowed network sees there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from xray_platform.detectors.backbone import BackboneSettings, graph_digest, looked_into, read_backbone, side_of
from xray_platform.detectors.band_energy import BandSettings, kept_cells, map_of_cells
from xray_platform.detectors.learnt import read_learnt, write_learnt
from xray_platform.detectors.resized import resized
from xray_platform.detectors.storage import CARD, read, write
from xray_platform.errors import InputError, StoreError
from xray_platform.image_stack import ImageSource, check_images
from xray_platform.training.openvino_graph import XML, OpenVinoGraph

SAMPLE = 128  # normal pictures that say how much a backbone's numbers spread
LEAST_SPREAD = 1e-4  # of a number of a backbone: one that never changes is not blown up
Numbers = NDArray[np.float32]


class PlaceSettings(BandSettings, BackboneSettings):
    """Where a picture is looked at, and what is measured there."""


@dataclass(frozen=True, eq=False)
class PlaceFeatures:
    """What is measured of pictures (n, S, S): `of` gives (n, c, c, d).

    With a backbone, `graph` gives its maps, `mixing` (C, d) makes d numbers of deviation 1 of C channels, and
    `borrowed` is the digest of the network that it was cut from.
    """

    settings: PlaceSettings
    graph: OpenVinoGraph | None = field(default=None, repr=False)
    mixing: Numbers = field(default_factory=lambda: np.empty((0, 0), np.float32), repr=False)
    borrowed: str = ""

    @classmethod
    def learn(cls, settings: PlaceSettings, normal: ImageSource, seed: int) -> Self:
        """Return what these settings measure; a backbone's numbers are brought to the spread that normal pictures have.

        Raises InputError for a backbone that is missing, damaged, or takes pictures of another side.
        """
        if not settings.backbone:
            return cls(settings)
        whole = read_backbone(settings.backbone)
        if (side := side_of(whole)) != settings.side:
            raise InputError(f"the backbone takes pictures of {side} px, not {settings.side}: set `side: {side}`")
        graph = looked_into(whole, settings.stage)
        some = np.unique(np.linspace(0, len(normal) - 1, min(SAMPLE, len(normal))).astype(np.int64))
        maps = _seen(graph, resized(check_images(normal[some]), settings.side))
        rng, channels = np.random.default_rng(seed), maps.shape[-1]
        kept = min(settings.dimensions, channels)
        mixing = np.linalg.qr(rng.normal(size=(channels, kept)))[0].astype(np.float32)
        spread = np.maximum((maps @ mixing).std(axis=(0, 1, 2)), LEAST_SPREAD)
        return cls(settings, graph, np.asarray(mixing / spread, np.float32), graph_digest(whole))

    def of(self, stack: Numbers) -> Numbers:
        """Return the numbers of each place that is not left out: (n, S, S) to (n, c, c, d)."""
        if self.graph is None:
            return self.settings.energies(stack)
        maps = _seen(self.graph, resized(stack, self.settings.side))
        inside = kept_cells(maps.shape[1], self.settings.border)
        return np.asarray(maps[:, inside, inside] @ self.mixing, np.float32)

    def as_map(self, values: Numbers, side: int) -> Numbers:
        """Return one value a place (n, c, c) as maps (n, side, side), which fade to 0 in what is left out."""
        if self.graph is None:
            return self.settings.as_map(values, side)
        cells = -(-self.settings.side // 2**self.settings.stage)
        inside = kept_cells(cells, self.settings.border)
        return map_of_cells(values, cells, inside, side)

    def describe(self, cells: int) -> str:
        """Say in words what is measured."""
        chosen = self.settings
        if self.graph is None:
            return (
                f"measures detail of {chosen.bands} sizes in {cells} x {cells} cells of {chosen.cell} px in the middle"
            )
        kept = f"{self.mixing.shape[1]} mixtures of {len(self.mixing)} channels"
        named = f"{chosen.backbone.partition('#')[0]} (SHA-256 {self.borrowed[:12]}…)"
        return f"looks at {cells} x {cells} places through stage {chosen.stage} of {named}: {kept}"

    def save(self, folder: Path, name: str, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write a detector that measures this into `folder`, with its facts and arrays."""
        if self.graph is None:
            write(folder, name, self.settings, facts, arrays)
            return
        more = {**facts, "borrowed_sha256": self.borrowed}
        write_learnt(folder, name, self.settings, more, {**arrays, "mixing": self.mixing}, self.graph)

    @classmethod
    def load(
        cls, folder: Path, name: str, settings_class: type[PlaceSettings]
    ) -> tuple[Self, dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what `save` wrote: what is measured, facts and arrays; StoreError where it is not as it was."""
        graph = None
        if (folder / CARD).is_file() and (folder / XML).is_file():
            card, arrays, graph = read_learnt(folder, name)
        else:
            card, arrays = read(folder, name)
        try:
            settings = settings_class.model_validate(card["settings"])
            if bool(settings.backbone) != (graph is not None):
                raise StoreError(f"the graph of the backbone in {folder} is missing, or nobody asked for one")
            if graph is None:
                return cls(settings), card, arrays
            return cls(settings, graph, arrays["mixing"], card["borrowed_sha256"]), card, arrays
        except (KeyError, ValueError) as error:
            raise StoreError(f"the detector in {folder} cannot be read: {error}") from error


def _seen(graph: OpenVinoGraph, stack: Numbers) -> Numbers:
    """Return the maps of a graph with channels last: (n, S, S) to (n, c, c, C)."""
    (maps,) = graph(stack)
    return np.moveaxis(maps, 1, -1)
