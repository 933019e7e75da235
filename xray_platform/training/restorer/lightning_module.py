"""Lightning module: the restorer's loss on crops of its examples, as Lightning drives it."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from xray_platform.training.restorer.dataset import RestorerDataset
from xray_platform.training.restorer.loss import restoring_loss
from xray_platform.training.restorer.training_settings import RestorerTrainingSettings
from xray_platform.training.training_module import Optimization, TrainingModule

Crops = tuple[Tensor, Tensor, Tensor]  # maps (n, 8, c, c), clean and inside (n, 1, c, c), float32 in [0, 1]
WEIGHT_DECAY, WARMUP = 1e-4, 0.04
EMA_DECAY, EMA_WARMUP_STEPS = 0.995, 20


class LightningRestorer(TrainingModule):
    """Trains a restorer; `losses` holds the loss of each step."""

    def __init__(self, network: nn.Module, settings: RestorerTrainingSettings) -> None:
        optimization = Optimization(settings.learning_rate, WEIGHT_DECAY, WARMUP, EMA_DECAY, EMA_WARMUP_STEPS)
        super().__init__(network, optimization)
        self.ssim_weight = settings.ssim_weight
        self.losses: list[float] = []

    def training_step(self, batch: Crops, _: int) -> Tensor:
        """Return the loss of one batch of crops."""
        maps, clean, inside = batch
        loss = restoring_loss(self.network(maps), clean, inside, self.ssim_weight)
        self.losses.append(float(loss.detach()))
        return loss


class CropBatches(Dataset[Crops]):
    """A batch of crops for each step; the same settings give the same batches."""

    def __init__(self, examples: RestorerDataset, settings: RestorerTrainingSettings) -> None:
        self.examples, self.settings = examples, settings
        self.chosen = list(_batches(len(examples), settings))

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, step: int) -> Crops:
        """Return the batch of a step, from 0."""
        rng = np.random.default_rng((self.settings.seed, 1, step))
        maps, clean, inside = self.examples.crops(self.chosen[step], self.settings.crop, rng)
        return torch.from_numpy(maps), torch.from_numpy(clean), torch.from_numpy(inside)


def _batches(count: int, settings: RestorerTrainingSettings) -> Iterator[NDArray[np.intp]]:
    """Yield the examples of each step, every example once before any comes again."""
    rng, left = np.random.default_rng((settings.seed, 2)), np.zeros(0, np.intp)
    for _ in range(settings.steps):
        while len(left) < settings.batch_size:
            left = np.concatenate([left, rng.permutation(count)])
        yield left[: settings.batch_size]
        left = left[settings.batch_size :]
