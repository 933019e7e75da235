"""Clinical network: a network of the table that is told clinical columns beside the picture (late fusion).

Of the columns' numbers a small layer makes a factor and a summand for each of the last maps (FiLM; Perez et al., AAAI
2018), which is the same as one for each pooled feature. No layer of it has a bias, so numbers that are all 0, which
means that nothing is known, change nothing: such a picture is judged by itself, exactly.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from xray_platform.clinical_columns import width_of
from xray_platform.networks.contract import NetworkModule

HIDDEN = 16  # numbers between those of the columns and those of the maps
PICTURE = "picture."  # how the names of the picture's own weights begin
Adapt = Callable[[dict[str, Tensor]], dict[str, Tensor]]


class ClinicalNetwork(nn.Module):
    """Pictures with their columns (N, 2, S, S) in, logits (N,) or (N, K) out; or pictures alone, (N, 1, S, S).

    `picture` is a network of the table that takes pictures of `side` px and more, `values` how many numbers the columns
    are. It begins as that network is, for the layer's last weights begin with 0.
    """

    def __init__(self, picture: nn.Module, values: int, side: int) -> None:
        super().__init__()
        self.picture = cast("NetworkModule", picture)
        self.values = values
        channels = _channels(picture, side)
        self.hidden = nn.Linear(values, HIDDEN, bias=False)
        self.modulation = nn.Linear(HIDDEN, 2 * channels, bias=False)
        nn.init.zeros_(self.modulation.weight)

    def features(self, images: Tensor) -> Tensor:
        """Return the last maps (N, C, h, w), changed by the columns where there are some."""
        picture, *told = torch.split(images, 1, dim=1)  # whose number a traced graph knows, unlike a shape
        maps = self.picture.features(picture)
        if not told:
            return maps
        changes = self.modulation(torch.relu(self.hidden(told[0][:, 0, 0, : self.values])))
        factor, summand = changes[:, :, None, None].chunk(2, dim=1)
        changed: Tensor = maps * (1 + factor) + summand
        return changed

    def head(self, features: Tensor) -> Tensor:
        """Return the logits (N,), or (N, K), of the last maps."""
        return self.picture.head(features)

    def parameter_groups(self) -> tuple[nn.Module, ...]:
        """Return the groups of the picture's network; the columns' layers learn with the classifier."""
        *groups, last = self.picture.parameter_groups()
        return (*groups, nn.ModuleList([last, self.hidden, self.modulation]))

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (N,), higher is more abnormal; or those of the classes, (N, K)."""
        return self.head(self.features(images))


def told_columns(picture: nn.Module, columns: Sequence[str], side: int) -> nn.Module:
    """Return a network that is told these columns beside its pictures of `side` px and more; with none, as it is."""
    return ClinicalNetwork(picture, width_of(columns), side) if columns else picture


def adapted(network: nn.Module, adapt: Adapt | None) -> Adapt:
    """Return what turns weights of a file into those of `network`: with or without columns, whichever the file has.

    The columns' layers are taken over where they are of the same columns, and begin anew elsewhere.
    """

    def turned(found: dict[str, Tensor]) -> dict[str, Tensor]:
        inner = {name.removeprefix(PICTURE): value for name, value in found.items() if name.startswith(PICTURE)}
        picture = inner or found
        picture = adapt(picture) if adapt else picture
        if not isinstance(network, ClinicalNetwork):
            return picture
        layers = _layers(found) if inner and _alike(found, network) else {}
        return {**{f"{PICTURE}{name}": value for name, value in picture.items()}, **layers}

    return turned


def _layers(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value for name, value in weights.items() if not name.startswith(PICTURE)}


def _alike(found: Mapping[str, Tensor], network: nn.Module) -> bool:
    own = _layers(network.state_dict())
    there = _layers(found)
    return own.keys() == there.keys() and all(own[name].shape == there[name].shape for name in own)


def _channels(picture: nn.Module, side: int) -> int:
    """Return how many last maps a network makes, without leaving a trace in it."""
    was = picture.training
    with torch.no_grad():
        maps = cast("NetworkModule", picture.eval()).features(torch.zeros(1, 1, side, side))
    picture.train(was)
    return int(maps.shape[1])
