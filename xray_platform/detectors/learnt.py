"""Learnt: what detectors with a network of their own share: how they are kept in a folder, and what they see."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from xray_platform.detectors.resized import resized
from xray_platform.detectors.storage import read, write
from xray_platform.errors import StoreError
from xray_platform.image_stack import Images, ImageSource, Indices, check_images
from xray_platform.settings import Settings
from xray_platform.training.openvino_graph import OpenVinoGraph, load_graph

DIGEST = "graph_sha256"


@dataclass(frozen=True)
class ResizedImages:
    """Images of a source at another side, resized and checked when they are read."""

    source: ImageSource
    side: int

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, side, side)."""
        return (len(self.source), self.side, self.side)

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: Indices, /) -> Images:
        return resized(check_images(self.source[index]), self.side)


def write_learnt(
    folder: Path,
    name: str,
    settings: Settings,
    facts: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    graph: OpenVinoGraph,
) -> None:
    """Write a detector and its graph into `folder`."""
    graph.save(folder)
    write(folder, name, settings, {**facts, DIGEST: _digest(graph)}, arrays)


def read_learnt(folder: Path, name: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]], OpenVinoGraph]:
    """Return the card, the arrays and the graph that `write_learnt` wrote; StoreError where one is not as it was."""
    card, arrays = read(folder, name)
    graph = load_graph(folder)
    if card.get(DIGEST) != _digest(graph):
        raise StoreError(f"the graph in {folder} is not the one that was saved there")
    return card, arrays, graph


def _digest(graph: OpenVinoGraph) -> str:
    return hashlib.sha256(graph.xml + graph.weights).hexdigest()
