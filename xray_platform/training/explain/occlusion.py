"""Occlusion: how much a logit falls where a part of the picture is covered (Zeiler & Fergus, ECCV 2014).

It asks nothing of the network but its output, and so it is a check of the others; it takes some two hundred times as
long as a score.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from xray_platform.networks.contract import ExplainableModule
from xray_platform.training.explain.gradcam import abnormal_logit

ACROSS = 8  # covers beside each other; each is moved by half of its side


def occlusion(
    network: ExplainableModule, images: Tensor, wanted: Callable[[Tensor], Tensor] = abnormal_logit
) -> Tensor:
    """Return maps (N, S, S), at least 0: the mean fall of the logit over the covers that hid a place.

    Pictures are (N, 1, S, S); a cover has the mean grey of its picture.
    """
    with torch.no_grad():
        whole = wanted(network.head(network.features(images)))
        grey = images.mean(dim=(2, 3), keepdim=True)
        fallen, times = torch.zeros_like(images[:, 0]), torch.zeros(images.shape[2:], device=images.device)
        for rows, columns in _covers(images.shape[2]):
            covered = images.clone()
            covered[:, :, rows, columns] = grey
            said = wanted(network.head(network.features(covered)))
            fallen[:, rows, columns] += (whole - said)[:, None, None]
            times[rows, columns] += 1
    return torch.relu(fallen / times)


def _covers(side: int) -> Iterator[tuple[slice, slice]]:
    large = max(side // ACROSS, 1)
    starts = sorted({*range(0, side - large, max(large // 2, 1)), side - large})
    for top in starts:
        for left in starts:
            yield slice(top, top + large), slice(left, left + large)
