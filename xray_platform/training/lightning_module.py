"""Lightning module: the loss, the steps and the validation of a classifier, as Lightning drives them."""

import time

import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from xray_platform.errors import DataError
from xray_platform.training.augmentation import apply, sample
from xray_platform.training.batches import Batch, ReadAhead, generator_for
from xray_platform.training.losses import losses
from xray_platform.training.mixup import mixed
from xray_platform.training.training_module import Optimization, TrainingModule
from xray_platform.training.training_settings import TrainingSettings

MONITOR = "val_score"  # what the best epoch has most of
EMA_WARMUP_STEPS = 20
TINY = 1e-9  # seconds
TIE_BREAK = 1e-4  # how much AUROC one unit of validation loss is worth


class LightningClassifier(TrainingModule):
    """Trains `network` with the loss of the settings; `normals_per_abnormal` balances the classes where asked.

    After each epoch `self.metrics` holds `train_loss`, `val_loss`, `val_auroc`, `learning_rate`, `seconds` and
    `waiting_share`, the share of these seconds in which a step waited for its `batches` to be read.
    """

    def __init__(
        self, network: nn.Module, settings: TrainingSettings, normals_per_abnormal: float, batches: ReadAhead
    ) -> None:
        optimization = Optimization(
            settings.learning_rate, settings.weight_decay, settings.warmup, settings.ema_decay, EMA_WARMUP_STEPS,
            settings.optimizer, settings.schedule,
        )  # fmt: skip
        super().__init__(network, optimization)
        self.settings, self.batches = settings, batches
        balanced = settings.class_weights == "balanced"
        self.register_buffer("abnormal_weight", torch.tensor(normals_per_abnormal if balanced else 1.0))
        self.metrics: dict[str, float] = {}
        self._losses: list[Tensor] = []
        self._validation_outputs: list[tuple[Tensor, Tensor]] = []
        self._began = 0.0

    def on_train_batch_start(self, _: Batch, number: int) -> None:
        """Start the clock of an epoch with its first step; Lightning calls no start of an epoch after a restart."""
        if number == 0:
            self._began, self._losses = time.monotonic(), []
            self.batches.waited = 0.0

    def training_step(self, batch: Batch, number: int) -> Tensor:
        """Return the loss of one augmented batch."""
        images, labels = batch
        rng = generator_for(self.settings.seed, self.current_epoch, number)
        torch.manual_seed(rng.initial_seed())  # what dropout leaves out
        changed, targets = mixed(apply(images, sample(images, self.settings, rng)), labels, self.settings.mixup, rng)
        loss = self._loss(self.network(changed), targets)
        self._losses.append(loss.detach())
        return loss

    def on_validation_epoch_start(self) -> None:
        """Forget the logits of the epoch before."""
        self._validation_outputs = []

    def validation_step(self, batch: Batch, _: int) -> None:
        """Score one batch of unaugmented images."""
        images, labels = batch
        self._validation_outputs.append((self.evaluated_network(images).float(), labels))

    def on_validation_epoch_end(self) -> None:
        """Put the metrics of the epoch together and tell Lightning the one it watches."""
        logits, labels = (torch.cat(parts) for parts in zip(*self._validation_outputs, strict=True))
        if not torch.isfinite(logits).all():
            raise DataError("the network no longer gives numbers; a lower learning_rate may help")
        auroc = float(roc_auc_score(labels.cpu().numpy(), logits.cpu().numpy()))
        seconds = time.monotonic() - self._began
        self.metrics = {
            "train_loss": float(torch.stack(self._losses).mean()),
            "val_loss": float(self._loss(logits, labels)),
            "val_auroc": auroc,
            "learning_rate": float(self.trainer.optimizers[0].param_groups[0]["lr"]),
            "seconds": seconds,
            "waiting_share": self.batches.waited / max(seconds, TINY),
        }
        # few validation pictures are soon told apart perfectly; among such epochs the surest is the best
        monitored = auroc - TIE_BREAK * self.metrics["val_loss"]
        self.validated(monitored)
        self.log(MONITOR, monitored)

    def _loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        weight = 1 + (self.abnormal_weight - 1) * targets  # type: ignore[operator]  # a buffer
        return (losses(logits, targets, self.settings) * weight).sum() / weight.sum()
