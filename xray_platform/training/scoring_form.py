"""Scoring form: a network as it scores, and as the graph that scores without torch on a processor."""

from copy import deepcopy
from typing import cast

import torch
from torch import nn

from xray_platform.networks.contract import ExplainableModule
from xray_platform.training.openvino_graph import OpenVinoGraph, export_graph


class ScoringForm(nn.Module):
    """A network as it scores: images (N, 1 or 2, S, S) in, the logits and the mean of the last maps (N, C) out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = cast("ExplainableModule", network)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits, (N,) or (N, K), and what they were made of."""
        maps = self.network.features(images)
        return self.network.head(maps), maps.mean(dim=(2, 3))


def scoring_graph(network: nn.Module, side: int, planes: int = 1) -> OpenVinoGraph:
    """Return the network's scoring form for images of this side; its logits differ from torch's by rounding (1e-4).

    `planes`: 2 of a network that takes clinical columns.
    """
    on_processor = all(weights.device.type == "cpu" for weights in network.parameters())
    return export_graph(ScoringForm(network if on_processor else deepcopy(network).cpu()), side, planes)
