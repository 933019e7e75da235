"""Reframing: the same pictures as if the plate had been put a little differently; edges are continued."""

import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch's own documents use
from torch import Generator, Tensor


def reframed(images: Tensor, play: float, rng: Generator) -> Tensor:
    """Return pictures (n, 1, S, S), each enlarged and stretched by up to `play`, a share, and moved by half of it."""
    if play == 0:
        return images
    draws = torch.rand((4, len(images)), generator=rng) * 2 - 1
    zoom = torch.exp(draws[:2] * play)
    affine = torch.zeros(len(images), 2, 3)
    affine[:, 0, 0], affine[:, 1, 1] = zoom[0], zoom[1]
    affine[:, :, 2] = draws[2:].T * play  # in halves of a side
    grid = F.affine_grid(affine.to(images.device), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False).clamp(0, 1)
