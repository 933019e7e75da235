"""Test-time augmentation: ask a network about an image and slightly moved copies of it, and average what it says."""

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch's own documents use
from torch import Tensor

from xray_platform.training.test_time_views import MOVES


def averaged(network: Callable[[Tensor], Tensor], images: Tensor, views: int) -> Tensor:
    """Return the mean of what a network says of so many views of each image (N, 1, S, S): the first ones of `MOVES`.

    It is the same for an image whoever is beside it, and with one view just what the network says. Clinical columns,
    of images (N, 2, S, S), stay.
    """
    total = network(images)
    for move in MOVES[1:views]:
        total = total + network(torch.cat([moved(images[:, :1], *move), images[:, 1:]], dim=1))
    return total / views if views > 1 else total


def moved(images: Tensor, scale: float, down: float, right: float) -> Tensor:
    """Return images (N, 1, S, S) scaled about their centre and moved; what comes in from outside repeats the edge."""
    reading = torch.tensor([[1 / scale, 0.0, -2 * right], [0.0, 1 / scale, -2 * down]], device=images.device)
    places = F.affine_grid(reading.expand(len(images), 2, 3), list(images.shape), align_corners=False)
    return F.grid_sample(images, places, padding_mode="border", align_corners=False)
