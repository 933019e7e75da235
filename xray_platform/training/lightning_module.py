"""Lightning module: the loss, the steps and the validation of a classifier, as Lightning drives them."""

import time
from typing import Any, cast

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Generator, Tensor, nn

from xray_platform.errors import DataError
from xray_platform.image_stack import Labels
from xray_platform.training.abnormal_score import abnormal_score
from xray_platform.training.augmentation import apply, sample
from xray_platform.training.batches import Batch, ReadAhead, generator_for
from xray_platform.training.clinical_dropout import hidden_by_chance
from xray_platform.training.losses import class_shares, losses
from xray_platform.training.mixup import mixed
from xray_platform.training.parameter_groups import freeze, frozen_in
from xray_platform.training.training_module import MONITOR, Optimization, TrainingModule
from xray_platform.training.training_settings import TrainingSettings
from xray_platform.training.world import ALONE, World

EMA_WARMUP_STEPS = 20
TINY = 1e-9  # seconds
MOST_WEIGHT = 20.0
TIE_BREAK = 1e-4  # how much AUROC one unit of validation loss is worth


class LightningClassifier(TrainingModule):
    """Trains `network` with the loss of the settings; `weights` balance the classes, see `class_weights`.

    After each epoch `self.metrics` holds `train_loss`, `val_loss`, `val_auroc`, `learning_rate`, `seconds` and
    `waiting_share`, the share of these seconds in which a step waited for its `batches` to be read; of several classes
    also `val_macro_auroc`, by which the best epoch is chosen then.
    """

    def __init__(
        self, network: nn.Module, settings: TrainingSettings, weights: Tensor, batches: ReadAhead, world: World = ALONE
    ) -> None:
        optimization = Optimization(
            settings.learning_rate, settings.weight_decay, settings.warmup, settings.ema_decay, EMA_WARMUP_STEPS,
            settings.optimizer, settings.schedule, settings.layer_decay,
        )  # fmt: skip
        super().__init__(network, optimization)
        self.settings, self.batches, self.world = settings, batches, world
        self.register_buffer("weights", weights)
        self._losses: list[Tensor] = []
        self._validation_outputs: list[tuple[Tensor, Tensor]] = []
        self._began = 0.0

    def on_train_batch_start(self, _: Batch, number: int) -> None:
        """Begin an epoch with its first step: its clock, and what learns in it.

        Lightning calls no start of an epoch after a restart.
        """
        if number == 0:
            self._began, self._losses = time.monotonic(), []
            self.batches.waited = 0.0
            freeze(self.network, frozen_in(self.current_epoch, self.settings))

    def training_step(self, batch: Batch, number: int) -> Tensor:
        """Return the loss of one augmented batch."""
        images, labels = batch
        others = (self.world.rank,) if self.world.size > 1 else ()
        rng = generator_for(self.settings.seed, self.current_epoch, number, *others)
        torch.manual_seed(rng.initial_seed())  # what dropout leaves out
        changed, targets = mixed(self._changed(images, rng), labels, self.settings.mixup, rng)
        loss = self._loss(self.network(changed), targets)
        self._losses.append(loss.detach())
        return loss

    def _changed(self, images: Tensor, rng: Generator) -> Tensor:
        """Return pictures augmented, and of their clinical columns, where they have some, not all."""
        pictures = images[:, :1]
        augmented = apply(pictures, sample(pictures, self.settings, rng))
        if not (columns := self.settings.columns):
            return augmented
        told = hidden_by_chance(images[:, 1:], columns, self.settings.clinical_dropout, rng)
        return torch.cat([augmented, told], dim=1)

    def on_validation_epoch_start(self) -> None:
        """Forget the logits of the epoch before."""
        self._validation_outputs = []
        self.world.share_buffers(self.evaluated_network)

    def validation_step(self, batch: Batch, _: int) -> None:
        """Score one batch of unaugmented images."""
        images, labels = batch
        self._validation_outputs.append((self.evaluated_network(images).float(), labels))

    def on_validation_epoch_end(self) -> None:
        """Put the metrics of the epoch together and tell Lightning the one it watches."""
        mine = [torch.cat(parts).cpu() for parts in zip(*self._validation_outputs, strict=True)]
        logits, labels = (torch.cat(parts) for parts in zip(*self.world.gathered(mine), strict=True))
        losses_of_all = self.world.gathered(float(torch.stack(self._losses).mean()))
        if not torch.isfinite(logits).all():
            raise DataError("the network no longer gives numbers; a lower learning_rate may help")
        scores, truth = _two_classes(logits, labels, self.settings)
        auroc = float(roc_auc_score(truth, scores))
        several = {"val_macro_auroc": _macro_auroc(logits, labels)} if labels.ndim > 1 else {}
        seconds = time.monotonic() - self._began
        self.metrics = {
            "train_loss": float(np.mean(losses_of_all)),
            "val_loss": float(self._loss(logits.to(self.device), labels.to(self.device))),
            "val_auroc": auroc,
            **several,
            "learning_rate": float(self.trainer.optimizers[0].param_groups[-1]["lr"]),
            "seconds": seconds,
            "waiting_share": self.batches.waited / max(seconds, TINY),
        }
        # few validation pictures are soon told apart perfectly; among such epochs the surest is the best
        monitored = several.get("val_macro_auroc", auroc) - TIE_BREAK * self.metrics["val_loss"]
        self.validated(monitored)
        self.log(MONITOR, monitored, sync_dist=self.world.size > 1)

    def _loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        weights = cast("Tensor", self.weights)
        of_label = self.settings.target == "label"
        weight = class_shares(targets) @ weights if of_label else 1 + (weights - 1) * targets
        return (losses(logits, targets, self.settings) * weight).sum() / weight.sum()


def class_weights(labels: Labels, settings: TrainingSettings) -> Tensor:
    """Return how much the pictures of a class weigh in the loss, for labels (N,) or (N, K) of the training part.

    abnormal and findings: a picture with the finding against 1 for one without, (1,) or (K,). label: a picture of each
    class, (K,), so that all classes weigh the same. A class of very few pictures weighs no more than `MOST_WEIGHT`.
    """
    having = labels.sum(axis=0).astype("float32")
    if settings.class_weights != "balanced":
        return torch.ones(having.shape)
    if settings.target == "abnormal":
        return torch.tensor((len(labels) - having) / having)
    wanted = len(labels) - having if settings.target == "findings" else len(labels) / labels.shape[1]
    return torch.tensor((wanted / having.clip(min=1)).clip(max=MOST_WEIGHT).astype("float32"))


def _two_classes(logits: Tensor, labels: Tensor, settings: TrainingSettings) -> tuple[Any, Any]:
    """Return the score of being abnormal and the truth of it."""
    values, truth = logits.cpu().numpy(), labels.cpu().numpy()
    if settings.target == "abnormal":
        return values, truth
    return abnormal_score(values, settings.target), 1 - truth[:, 0]


def _macro_auroc(logits: Tensor, labels: Tensor) -> float:
    """Return the mean AUROC of the classes that some pictures have and some have not."""
    truth, values = labels.cpu().numpy(), torch.log_softmax(logits, dim=1).cpu().numpy()
    known = [place for place, column in enumerate(truth.T) if 0 < column.sum() < len(column)]
    return float(np.mean([roc_auc_score(truth[:, place], values[:, place]) for place in known]))
