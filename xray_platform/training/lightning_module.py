"""Lightning module: the loss, the steps and the validation of a network, as Lightning drives them."""

import time
from typing import Any

import lightning.pytorch as lightning
import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch's own documents use
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from xray_platform.errors import DataError
from xray_platform.training.augmentation import apply, sample
from xray_platform.training.batches import Batch, generator_for
from xray_platform.training.schedule import warm_up_then_cosine
from xray_platform.training.training_settings import TrainingSettings

MONITOR = "val_score"  # what the best epoch has most of
TIE_BREAK = 1e-4  # how much AUROC one unit of validation loss is worth


class LightningClassifier(lightning.LightningModule):
    """Trains `network` with binary cross-entropy; `normals_per_abnormal` balances the classes where asked.

    After each epoch `self.metrics` holds `train_loss`, `val_loss`, `val_auroc`, `learning_rate` and `seconds`.
    """

    def __init__(self, network: nn.Module, settings: TrainingSettings, normals_per_abnormal: float) -> None:
        super().__init__()
        self.network = network
        self.settings = settings
        self.ema = _ema_of(network, settings.ema_decay)
        balanced = settings.class_weights == "balanced"
        self.register_buffer("abnormal_weight", torch.tensor(normals_per_abnormal if balanced else 1.0))
        self.metrics: dict[str, float] = {}
        self._losses: list[Tensor] = []
        self._validation_outputs: list[tuple[Tensor, Tensor]] = []
        self._began = 0.0

    @property
    def evaluated_network(self) -> nn.Module:
        """The network that is validated and kept: the moving average of the weights where there is one."""
        return self.network if self.ema is None else self.ema.module

    def on_train_batch_start(self, _: Batch, number: int) -> None:
        """Start the clock of an epoch with its first step; Lightning calls no start of an epoch after a restart."""
        if number == 0:
            self._began, self._losses = time.monotonic(), []

    def training_step(self, batch: Batch, number: int) -> Tensor:
        """Return the loss of one augmented batch."""
        images, labels = batch
        rng = generator_for(self.settings.seed, self.current_epoch, number)
        torch.manual_seed(rng.initial_seed())  # what dropout leaves out
        loss = self._loss(self.network(apply(images, sample(images, self.settings, rng))), labels)
        self._losses.append(loss.detach())
        return loss

    def on_train_batch_end(self, *_: Any) -> None:
        """Update the moving average."""
        if self.ema is not None:
            self.ema.update_parameters(self.network)

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
        self.metrics = {
            "train_loss": float(torch.stack(self._losses).mean()),
            "val_loss": float(self._loss(logits, labels)),
            "val_auroc": auroc,
            "learning_rate": float(self.trainer.optimizers[0].param_groups[0]["lr"]),
            "seconds": time.monotonic() - self._began,
        }
        # few validation pictures are soon told apart perfectly; among such epochs the surest is the best
        self.log(MONITOR, auroc - TIE_BREAK * self.metrics["val_loss"])

    def configure_optimizers(self) -> Any:
        """Return AdamW, its step size changed after each batch; norms and biases do not decay."""
        matrices = [weights for weights in self.network.parameters() if weights.ndim > 1]
        vectors = [weights for weights in self.network.parameters() if weights.ndim <= 1]
        groups = [
            {"params": matrices, "weight_decay": self.settings.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=self.settings.learning_rate)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: warm_up_then_cosine(step, steps, self.settings.warmup)
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        smoothing = self.settings.label_smoothing
        target = labels * (1 - 2 * smoothing) + smoothing
        weight = torch.where(labels > 0, self.abnormal_weight, torch.ones_like(labels))  # type: ignore[arg-type]
        return (F.binary_cross_entropy_with_logits(logits, target, reduction="none") * weight).sum() / weight.sum()


def _ema_of(network: nn.Module, decay: float) -> AveragedModel | None:
    """Return a moving average of the weights and of the batch statistics, or nothing where `decay` is 0."""
    if decay == 0:
        return None
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)  # type: ignore[no-untyped-call]
