"""Mixup: pictures and targets of two examples, mixed in the same proportion (Zhang et al., ICLR 2018)."""

import numpy as np
import torch
from torch import Generator, Tensor


def mixed(images: Tensor, targets: Tensor, alpha: float, generator: Generator) -> tuple[Tensor, Tensor]:
    """Return pictures (N, 1, S, S) and targets (N,) or (N, K), each mixed with another; as they are where alpha is 0.

    The share of the other is drawn from Beta(alpha, alpha), one a picture.
    """
    if alpha == 0:
        return images, targets
    other = torch.randperm(len(images), generator=generator)
    seed = int(torch.randint(2**31, (1,), generator=generator))  # torch draws no beta from a generator
    share = torch.from_numpy(np.random.default_rng(seed).beta(alpha, alpha, len(images)).astype("float32"))
    share, other = share.to(images.device), other.to(images.device)
    weight = share[:, None, None, None]
    of_target = share if targets.ndim == 1 else share[:, None]
    return images * (1 - weight) + images[other] * weight, targets * (1 - of_target) + targets[other] * of_target
