"""Uncertainty autoencoder (AE-U, Mao et al., MICCAI 2020): what it draws of a picture, and how unsure it is of it."""

from itertools import pairwise

import torch
from torch import Tensor, nn

MULTIPLE = 16  # a side is a multiple of this
HIDDEN = 128
MIDDLE, SPREAD = 0.5, 0.25  # of grey values in [0, 1]
SUREST = -7.0  # the least logarithm of a variance, in units of the spread: 0.8 % of the range of grey values


class UncertaintyAutoencoder(nn.Module):
    """Pictures (N, 1, S, S) in [0, 1] to (N, 2, S, S): grey values as drawn, and the logarithm of their variance.

    Both are in units of the `SPREAD`, about the `MIDDLE`. All that it knows of a picture goes through `latent` numbers.
    """

    def __init__(self, side: int, width: int, latent: int) -> None:
        super().__init__()
        channels = [width, 2 * width, 4 * width, 4 * width]
        self.cells, self.deepest = side // MULTIPLE, channels[-1]
        flat = self.deepest * self.cells**2
        down = [_halved(before, after) for before, after in pairwise([1, *channels])]
        up = [_doubled(before, after) for before, after in pairwise(channels[::-1])]
        self.encoder = nn.Sequential(*down)
        self.latent = nn.Sequential(
            nn.Linear(flat, HIDDEN), nn.ReLU(inplace=True), nn.Linear(HIDDEN, latent),
            nn.Linear(latent, HIDDEN), nn.ReLU(inplace=True), nn.Linear(HIDDEN, flat), nn.ReLU(inplace=True),
        )  # fmt: skip
        self.decoder = nn.Sequential(*up, nn.ConvTranspose2d(width, 2, 4, stride=2, padding=1))

    def forward(self, images: Tensor) -> Tensor:
        """Return what is drawn, and how unsure that is."""
        found = self.latent(self.encoder(in_units(images)).flatten(1))
        drawn, unsure = self.decoder(found.view(-1, self.deepest, self.cells, self.cells)).chunk(2, dim=1)
        return torch.cat([drawn, unsure.clamp(min=SUREST)], dim=1)


class NormalisedResidual(nn.Module):
    """Pictures (N, 1, S, S) to (N, 1, S, S): the square of what was not drawn, over the variance of its place."""

    def __init__(self, autoencoder: nn.Module) -> None:
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, images: Tensor) -> Tensor:
        """Return about 1 everywhere if normal."""
        return residual(self.autoencoder(images), images)


def residual(output: Tensor, images: Tensor) -> Tensor:
    """Return the square of what was not drawn of pictures (N, 1, S, S), over its predicted variance."""
    drawn, unsure = output.chunk(2, dim=1)
    return (in_units(images) - drawn) ** 2 * torch.exp(-unsure)


def reconstruction_loss(output: Tensor, images: Tensor) -> Tensor:
    """Return the negative log-likelihood of the pictures, up to factor and constant."""
    return (residual(output, images) + output[:, 1:]).mean()


def in_units(images: Tensor) -> Tensor:
    """Return grey values about 0, in units of their usual spread."""
    return (images - MIDDLE) / SPREAD


def _halved(before: int, after: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(before, after, 4, stride=2, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)
    )


def _doubled(before: int, after: int) -> nn.Module:
    return nn.Sequential(
        nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )
