"""Members: several networks of one kind as one module, whose logit is the mean of theirs (deep ensemble).

Lakshminarayanan, Pritzel & Blundell, NeurIPS 2017: networks that learnt from the same pictures with other seeds agree
where the pictures say what to think, and go apart where they do not.
"""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from xray_platform.networks.contract import NetworkModule


class NetworkMembers(nn.Module):
    """Networks that see the same pictures; their last maps lie behind one another in the channels, (N, M x C, h, w).

    So one map explains all of them, and what explains a network explains this one.
    """

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def each(self) -> list[NetworkModule]:
        """Return the members."""
        return [cast("NetworkModule", member) for member in self.members]

    def features(self, images: Tensor) -> Tensor:
        """Return the last maps of all members, (N, M x C, h, w)."""
        return torch.cat([member.features(images) for member in self.each()], dim=1)

    def head(self, features: Tensor) -> Tensor:
        """Return the mean of the members' logits, (N,), or (N, K)."""
        parts = features.chunk(len(self.members), dim=1)
        said = [member.head(part) for member, part in zip(self.each(), parts, strict=True)]
        return torch.stack(said).mean(dim=0)

    def parameter_groups(self) -> tuple[nn.Module, ...]:
        """Return the groups of the members, those of the same depth together."""
        groups = zip(*(member.parameter_groups() for member in self.each()), strict=True)
        return tuple(nn.ModuleList(group) for group in groups)

    def forward(self, images: Tensor) -> Tensor:
        """Return the mean of the members' logits, (N,), or (N, K)."""
        return self.head(self.features(images))
