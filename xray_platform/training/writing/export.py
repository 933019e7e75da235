"""Export: write the taught text detector as an OpenVINO graph, which the DICOM room runs without torch."""

from pathlib import Path

import torch
from torch import Tensor, nn

from xray_platform.dicom.burned_in.network import TILE
from xray_platform.networks.text_detector import TextDetector


class Shipped(nn.Module):
    """Maps a tile (1, 1, 256, 256) uint8 to chances (1, 5, 64, 64), 0 to 1."""

    def __init__(self, network: TextDetector) -> None:
        super().__init__()
        self.network = network.eval()

    def forward(self, tile: Tensor) -> Tensor:
        """Return the chances."""
        return torch.sigmoid(self.network(tile.float() / 255))


def export(network: TextDetector, path: Path) -> Path:
    """Write the graph (`path`, .xml) and its weights beside it (.bin, 16-bit floats)."""
    # a third of a second to import
    import openvino

    tile = torch.zeros(1, 1, TILE, TILE, dtype=torch.uint8)
    graph = openvino.convert_model(Shipped(network), example_input=tile, input=[tile.shape])
    openvino.save_model(graph, path, compress_to_fp16=True)
    return path
