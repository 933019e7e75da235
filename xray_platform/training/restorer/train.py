"""Train: the small U-Net that restores pictures in false colours, on simulated damage."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from xray_platform.errors import DataError
from xray_platform.networks.restorer import Restorer, RestorerSettings
from xray_platform.progress import Progress, silent
from xray_platform.settings import Settings
from xray_platform.training.restorer.dataset import RestorerDataset, make_dataset
from xray_platform.training.restorer.model import TrainedRestorer
from xray_platform.training.schedule import warm_up_then_cosine

LEAST = 16  # pictures below which nothing can be learnt


class RestorerTrainingSettings(Settings):
    """How the restorer learns."""

    width: int = Field(32, ge=8, le=128, multiple_of=8, description="channels of the network's first stage")
    images: int = Field(3000, ge=LEAST, le=100_000, description="images to train on, drawn at random")
    side: int = Field(224, ge=64, le=1024, description="side of an example's picture, in pixels")
    crop: int = Field(112, ge=32, le=512, multiple_of=8, description="side of the crops it is trained on, in pixels")
    batch_size: int = Field(8, ge=1, le=256, description="crops a step")
    steps: int = Field(11_000, ge=1, le=200_000, description="steps of AdamW")
    learning_rate: float = Field(
        1.5e-3, gt=0, le=0.1, description="greatest learning rate; it falls along half a cosine"
    )
    ssim_weight: float = Field(0.8, ge=0, le=1, description="weight of structural similarity beside the mean error")
    seed: int = Field(0, ge=0, description="of the examples, the crops and the first weights")


def train_restorer(
    files: Sequence[Path], settings: RestorerTrainingSettings = RestorerTrainingSettings(), progress: Progress = silent
) -> TrainedRestorer:
    """Return a restorer trained on clean pictures, damaged at random. Raises DataError for fewer than 16 pictures."""
    if len(files) < LEAST:
        raise DataError(f"{len(files)} pictures to train on; allowed are {LEAST} or more")
    return fit_restorer(make_dataset(files, settings.side, settings.seed, progress), settings, progress)


def fit_restorer(
    examples: RestorerDataset, settings: RestorerTrainingSettings, progress: Progress = silent
) -> TrainedRestorer:
    """Return a restorer trained on these examples with AdamW: the moving average of its weights."""
    torch.manual_seed(settings.seed)
    network = Restorer(RestorerSettings(width=settings.width)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=1e-4)
    average = {name: value.detach().clone() for name, value in network.state_dict().items()}
    losses = []
    for step, which in enumerate(_batches(len(examples), settings)):
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * warm_up_then_cosine(step, settings.steps, 0.04)
        rng = np.random.default_rng((settings.seed, 1, step))
        maps, clean, inside = (torch.from_numpy(part) for part in examples.crops(which, settings.crop, rng))
        loss = restoring_loss(network(maps), clean, inside, settings.ssim_weight)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        _follow(average, network, min(0.995, step / (step + 20)))
        losses.append(float(loss.detach()))
        progress(step + 1, settings.steps, f"training the restorer, loss {np.mean(losses[-100:]):.4f}")
    network.load_state_dict(average)
    return TrainedRestorer(RestorerSettings(width=settings.width), network, float(np.mean(losses[-200:])))


def restoring_loss(restored: Tensor, clean: Tensor, inside: Tensor, ssim_weight: float) -> Tensor:
    """Return mean error plus structural dissimilarity (N, 1, h, w; 0 to 1) of what lies inside the picture.

    The error is Charbonnier's: square for small, linear for large differences.
    """
    restored = torch.where(inside > 0, restored, clean)
    share = inside.mean().clamp_min(1e-3)
    error = torch.sqrt((restored - clean) ** 2 + 1e-3**2).mean() + 4 * ((restored - clean) ** 2).mean()
    return torch.add(error / share, (1 - ssim(restored, clean)) / share, alpha=ssim_weight)


def ssim(one: Tensor, other: Tensor) -> Tensor:
    """Return the mean structural similarity of pictures (N, 1, h, w; 0 to 1), 7 x 7 windows (Wang et al. 2004)."""
    mean_one, mean_other = avg_pool2d(one, 7, 1), avg_pool2d(other, 7, 1)
    power_one = avg_pool2d(one**2, 7, 1) - mean_one**2
    power_other = avg_pool2d(other**2, 7, 1) - mean_other**2
    shared = avg_pool2d(one * other, 7, 1) - mean_one * mean_other
    light = (2 * mean_one * mean_other + 0.01**2) / (mean_one**2 + mean_other**2 + 0.01**2)
    form = (2 * shared + 0.03**2) / (power_one + power_other + 0.03**2)
    return (light * form).mean()


def _batches(count: int, settings: RestorerTrainingSettings) -> Iterator[NDArray[np.intp]]:
    """Yield the examples of each step, every example once before any comes again."""
    rng, left = np.random.default_rng((settings.seed, 2)), np.zeros(0, np.intp)
    for _ in range(settings.steps):
        while len(left) < settings.batch_size:
            left = np.concatenate([left, rng.permutation(count)])
        yield left[: settings.batch_size]
        left = left[settings.batch_size :]


def _follow(average: dict[str, Tensor], network: nn.Module, keep: float) -> None:
    with torch.no_grad():
        for name, value in network.state_dict().items():
            average[name].lerp_(value, 1 - keep)
