"""Attention: weigh the channels, and then the places, of feature maps."""

import torch
from torch import Tensor, nn


class ChannelAttention(nn.Module):
    """Weigh channels by what they hold on average over the picture: squeeze-and-excitation (Hu et al., CVPR 2018).

    Takes and gives (N, C, h, w); `reduction` is how many times narrower the layer in between is.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        narrow = max(channels // reduction, 4)
        self.squeeze = nn.Linear(channels, narrow)
        self.excite = nn.Linear(narrow, channels)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the maps, each channel times a weight in (0, 1)."""
        averages = maps.mean(dim=(2, 3))
        weights = torch.sigmoid(self.excite(torch.relu(self.squeeze(averages))))
        return maps * weights[:, :, None, None]


class SpatialAttention(nn.Module):
    """Weigh places by the mean and the greatest value over the channels (CBAM: Woo et al., ECCV 2018).

    Takes and gives (N, C, h, w); the weights come from one convolution of `kernel` x `kernel` pixels.
    """

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.look = nn.Conv2d(2, 1, kernel, padding=kernel // 2)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the maps, each place times a weight in (0, 1)."""
        summary = torch.cat([maps.mean(dim=1, keepdim=True), maps.amax(dim=1, keepdim=True)], dim=1)
        return maps * torch.sigmoid(self.look(summary))


def attention(kind: str, channels: int, reduction: int, kernel: int) -> nn.Module:
    """Return the attention named `kind`: `cbam` (channels, then places), `se` (channels only) or `none`."""
    if kind == "none":
        return nn.Identity()
    by_channel = ChannelAttention(channels, reduction)
    return by_channel if kind == "se" else nn.Sequential(by_channel, SpatialAttention(kernel))
