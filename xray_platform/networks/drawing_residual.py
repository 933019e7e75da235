"""Drawing residual: how a picture differs from what a network drew of it, in units of what is usual at each place."""

from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, fold, pad, unfold

Loss = Literal["l1", "l2", "ssim"]
WINDOW = 7  # pixels of a side that are compared at once; sharp edges that lie a pixel further are no finding
STEADY = (0.01**2, 0.03**2)  # of SSIM (Wang et al., 2004), for grey values in [0, 1]
LEAST = 0.05  # smallest usual residual of a place, as a share of the mean over all places


def difference(drawn: Tensor, images: Tensor, loss: Loss) -> Tensor:
    """Return (N, 1, S, S), at least 0: what was not drawn of the grey in a window; with `ssim` 1 less the likeness."""
    if loss == "ssim":
        return 1 - likeness(drawn, images)
    return _mean(images - drawn).abs()


def drawing_loss(drawn: Tensor, images: Tensor, loss: Loss) -> Tensor:
    """Return how wrong a drawing is, one number."""
    if loss == "ssim":
        return (1 - likeness(drawn, images)).mean()
    off = images - drawn
    return off.abs().mean() if loss == "l1" else (off**2).mean()


def likeness(one: Tensor, other: Tensor) -> Tensor:
    """Return the structural similarity (SSIM) of pictures (N, 1, S, S) in each window, (N, 1, S, S), at most 1."""
    mean_one, mean_other = _mean(one), _mean(other)
    spread_one, spread_other = _mean(one**2) - mean_one**2, _mean(other**2) - mean_other**2
    together = _mean(one * other) - mean_one * mean_other
    light = (2 * mean_one * mean_other + STEADY[0]) / (mean_one**2 + mean_other**2 + STEADY[0])
    return light * (2 * together + STEADY[1]) / (spread_one + spread_other + STEADY[1])


class DrawingResidual(nn.Module):
    """Pictures (N, 1, S, S) to (N, 1, S, S): the square of what was not drawn over the `usual` one (1, 1, S, S)."""

    usual: Tensor

    def __init__(self, network: nn.Module, loss: Loss, side: int) -> None:
        super().__init__()
        self.network, self.loss = network, loss
        self.register_buffer("usual", torch.ones(1, 1, side, side))

    def learn(self, batches: Iterable[Tensor]) -> None:
        """Measure the usual square in normal pictures (n, 1, S, S)."""
        total, count = torch.zeros_like(self.usual, dtype=torch.float64), 0
        self.eval()
        with torch.no_grad():
            for images in batches:
                total += (self._different(images) ** 2).sum(dim=0, keepdim=True)
                count += len(images)
        usual = _mean((total / count).float())
        self.usual = usual + max(LEAST * float(usual.mean()), torch.finfo(torch.float32).tiny)

    def forward(self, images: Tensor) -> Tensor:
        """Return about 1 everywhere if normal."""
        return self._different(images) ** 2 / self.usual

    def _different(self, images: Tensor) -> Tensor:
        return difference(self.network(images), images, self.loss)


class PatchwiseResidual(DrawingResidual):
    """The same of a network that draws patches: each place is drawn by all patches over it, and the mean counts."""

    weight: Tensor

    def __init__(self, network: nn.Module, loss: Loss, side: int, patch: int) -> None:
        super().__init__(network, loss, side)
        self.patch, self.side = patch, side
        rise = torch.linspace(-1, 1, patch + 2)[1:-1]
        bell = (1 - rise[:, None].abs()) * (1 - rise.abs())  # what lies in the middle of a patch is drawn best
        self.register_buffer("weight", bell.reshape(1, patch**2, 1))

    def _different(self, images: Tensor) -> Tensor:
        edge, stride = self.patch // 2, self.patch // 2
        whole = pad(images, (edge, edge, edge, edge), mode="replicate")
        columns = unfold(whole, self.patch, stride=stride)
        count = columns.shape[2]
        patches = columns.transpose(1, 2).reshape(-1, 1, self.patch, self.patch)
        off = difference(self.network(patches), patches, self.loss)
        off = off.reshape(-1, count, self.patch**2).transpose(1, 2)
        size = self.side + 2 * edge
        total = fold(off * self.weight, size, self.patch, stride=stride)
        times = fold(torch.ones_like(off) * self.weight, size, self.patch, stride=stride)
        return (total / times)[:, :, edge : edge + self.side, edge : edge + self.side]


def _mean(maps: Tensor) -> Tensor:
    return avg_pool2d(maps, WINDOW, 1, WINDOW // 2, count_include_pad=False)
