"""Normals module: a network learns a pretext task on normal images, as Lightning drives it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from xray_platform.errors import DataError
from xray_platform.training.batches import Batch, generator_for
from xray_platform.training.normals_settings import NormalsTrainingSettings
from xray_platform.training.training_module import MONITOR, Optimization, TrainingModule

WEIGHT_DECAY, WARMUP = 0.01, 0.2
EMA_DECAY, EMA_WARMUP_STEPS = 0.99, 20
LEARNING, JUDGING = 1, 2  # which random numbers: the changes of a step, or those of the validation, always the same


@dataclass(frozen=True)
class PretextTask:
    """What is learnt where there are no labels.

    examples: normal pictures (n, 1, S, S) in [0, 1] to what the network is shown and what it should say of it.
    loss: what it said, and what it should have, to one number.
    """

    examples: Callable[[Tensor, Generator], tuple[Tensor, Tensor]]
    loss: Callable[[Tensor, Tensor], Tensor]


class LightningNormals(TrainingModule):
    """Trains `network` on a pretext task; `metrics` holds losses, learning rate and seconds of each epoch."""

    def __init__(self, network: nn.Module, task: PretextTask, settings: NormalsTrainingSettings) -> None:
        optimization = Optimization(
            settings.learning_rate, WEIGHT_DECAY, WARMUP, EMA_DECAY, EMA_WARMUP_STEPS, schedule="one_cycle"
        )
        super().__init__(network, optimization)
        self.task, self.seed = task, settings.seed
        self._losses: list[Tensor] = []
        self._judged: list[tuple[Tensor, int]] = []
        self._began = 0.0

    def on_train_batch_start(self, _: Batch, number: int) -> None:
        """Begin an epoch with its first step; Lightning calls no start of an epoch after a restart."""
        if number == 0:
            self._began, self._losses = time.monotonic(), []

    def training_step(self, batch: Batch, number: int) -> Tensor:
        """Return the loss of one batch."""
        loss = self._loss(self.network, batch[0], generator_for(self.seed, LEARNING, self.current_epoch, number))
        self._losses.append(loss.detach())
        return loss

    def on_validation_epoch_start(self) -> None:
        """Forget the losses of the epoch before."""
        self._judged = []

    def validation_step(self, batch: Batch, number: int) -> None:
        """Judge one batch of pictures that it does not learn from."""
        loss = self._loss(self.evaluated_network, batch[0], generator_for(self.seed, JUDGING, number))
        self._judged.append((loss, len(batch[0])))

    def on_validation_epoch_end(self) -> None:
        """Put the metrics of the epoch together and tell Lightning the one that it watches."""
        total = sum(float(loss) * count for loss, count in self._judged)
        val_loss = total / sum(count for _, count in self._judged)
        if not torch.isfinite(torch.tensor(val_loss)):
            raise DataError("the network no longer gives numbers; a lower learning_rate may help")
        self.metrics = {
            "train_loss": float(torch.stack(self._losses).mean()),
            "val_loss": val_loss,
            "learning_rate": float(self.trainer.optimizers[0].param_groups[-1]["lr"]),
            "seconds": time.monotonic() - self._began,
        }
        self.log(MONITOR, -val_loss)

    def _loss(self, network: nn.Module, images: Tensor, rng: Generator) -> Tensor:
        shown, wanted = self.task.examples(images, rng)
        return self.task.loss(network(shown).float(), wanted)
