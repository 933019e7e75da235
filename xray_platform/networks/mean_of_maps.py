"""Mean of maps: several networks that were taught from different seeds, as one."""

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn


class MeanOfMaps(nn.Module):
    """Pictures (N, 1, S, S) to the mean of the maps that each network gives, (N, 1, s, s)."""

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, images: Tensor) -> Tensor:
        """Return the mean."""
        total = cast("Tensor", sum(network(images) for network in self.networks))
        return total / len(self.networks)


def mean_of_maps(networks: Sequence[nn.Module]) -> nn.Module:
    """Return networks as one; one alone as it is."""
    return networks[0] if len(networks) == 1 else MeanOfMaps(networks)
