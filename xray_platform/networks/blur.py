"""Blur: halve the sides of maps so that a picture that is moved by a pixel gives nearly the same."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Blur(nn.Module):
    """Smooth with a binomial 3 x 3 filter and keep every second place (Zhang, ICML 2019), or every one."""

    kernel: Tensor

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.channels, self.stride = channels, stride
        row = torch.tensor([1.0, 2.0, 1.0])
        kernel = (row[:, None] * row[None, :] / 16).expand(channels, 1, 3, 3).contiguous()
        self.register_buffer("kernel", kernel, persistent=False)  # weights of both forms have the same names

    def forward(self, maps: Tensor) -> Tensor:
        """Turn (N, channels, h, w) into (N, channels, h / stride rounded up, w / stride rounded up)."""
        around = functional.pad(maps, (1, 1, 1, 1), mode="replicate")
        return functional.conv2d(around, self.kernel, stride=self.stride, groups=self.channels)


def max_pool(channels: int, side: int, *, blurred: bool) -> nn.Module:
    """Return what halves the sides by the greatest value of `side` x `side`: at every second place, or blurred."""
    if not blurred:
        return nn.MaxPool2d(side, stride=2, padding=side // 2 if side % 2 else 0)
    even = nn.Identity() if side % 2 else nn.ZeroPad2d((0, 1, 0, 1))
    return nn.Sequential(even, nn.MaxPool2d(side, stride=1, padding=side // 2 if side % 2 else 0), Blur(channels, 2))
