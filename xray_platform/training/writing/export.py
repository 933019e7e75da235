"""Export: write the trained text detector and verifier as OpenVINO graphs, for the DICOM room has no torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from xray_platform.dicom.burned_in.crops import HIGH, LAYERS, WIDE
from xray_platform.errors import MachineError
from xray_platform.networks.text_detector import TextDetector
from xray_platform.networks.text_verifier import TextVerifier
from xray_platform.training.writing.dataset import SIDE

Tile = np.ndarray[Any, np.dtype[np.uint8]]


class Probabilities(nn.Module):
    """Maps a picture (1, 1, h, w) uint8, sides multiples of 32, to probabilities (1, 5, h/4, w/4), 0 to 1."""

    def __init__(self, network: TextDetector) -> None:
        super().__init__()
        self.network = network.eval()

    def forward(self, tile: Tensor) -> Tensor:
        """Return the probabilities."""
        return torch.sigmoid(self.network(tile.float() / 255))


class VerifierProbability(nn.Module):
    """Maps a crop (1, 5, 48, 96) uint8 to the probability (1,) that it shows writing, 0 to 1."""

    def __init__(self, network: TextVerifier) -> None:
        super().__init__()
        self.network = network.eval()

    def forward(self, crop: Tensor) -> Tensor:
        """Return the probability."""
        return torch.sigmoid(self.network(crop.float() / 255))


def export(network: TextDetector, path: Path, tiles: Sequence[Tile] = ()) -> Path:
    """Write the graph (`path`, .xml) and its weights beside it (.bin).

    With `tiles` (256, 256) uint8 it computes in 8 bits, in half of the time: ranges are those that the tiles cause.
    Raises MachineError where that needs a package that is not installed.
    """
    # a third of a second to import
    import openvino

    tile = torch.zeros(1, 1, SIDE, SIDE, dtype=torch.uint8)
    graph = openvino.convert_model(Probabilities(network), example_input=tile, input=[tile.shape])
    openvino.save_model(_in_eight_bits(graph, tiles) if tiles else graph, path, compress_to_fp16=True)
    return path


def export_verifier(network: TextVerifier, path: Path) -> Path:
    """Write the verifier's graph (`path`, .xml) and its weights beside it (.bin)."""
    # a third of a second to import
    import openvino

    crop = torch.zeros(1, LAYERS, HIGH, WIDE, dtype=torch.uint8)
    graph = openvino.convert_model(VerifierProbability(network), example_input=crop, input=[crop.shape])
    openvino.save_model(graph, path, compress_to_fp16=True)
    return path


def _in_eight_bits(graph: Any, tiles: Sequence[Tile]) -> Any:
    try:
        # of no use but here, and several seconds to import
        import nncf
    except ImportError as error:
        raise MachineError("the package nncf is needed to train the text detector: pip install nncf") from error
    examples = nncf.Dataset([tile[None, None] for tile in tiles])
    return nncf.quantize(graph, examples, subset_size=len(tiles), preset=nncf.QuantizationPreset.MIXED)
