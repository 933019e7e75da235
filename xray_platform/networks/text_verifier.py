"""Text verifier: a small network that says of a crop of a picture whether what it shows is writing."""

import torch
from torch import Tensor, nn

from xray_platform.networks.text_detector import Block, Halve

LAYERS = 5


class TextVerifier(nn.Module):
    """Maps crops (N, 5, 48, 96) in [0, 1] to logits (N,): writing or not.

    The picture's layers are seen as they are and, the nearer one, at equal contrast too, for writing may be faint.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(LAYERS + 1, 16, 5, 2, 2, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True),
            Halve(16, 32), Block(32, 32), Halve(32, 64), Block(64, 64), Halve(64, 96), Block(96, 96),
        )  # fmt: skip
        self.leave = nn.Linear(2 * 96, 1)

    def forward(self, crops: Tensor) -> Tensor:
        """Return logits."""
        near = crops[:, :1]
        middle = near.mean((2, 3), keepdim=True)
        spread = ((near - middle) ** 2).mean((2, 3), keepdim=True).sqrt()
        even = (near - middle) / (spread + 0.03)
        seen = self.body(torch.cat([crops - 0.5, 0.25 * even], 1))
        logits: Tensor = self.leave(torch.cat([seen.mean((2, 3)), seen.amax((2, 3))], 1))
        return logits[:, 0]
