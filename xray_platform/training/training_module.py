"""Training module: what every training has in common, as Lightning drives it: AdamW, its schedule, a moving average."""

from dataclasses import dataclass
from typing import Any

import lightning.pytorch as lightning
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from xray_platform.training.moving_average import averaged_model
from xray_platform.training.schedule import warm_up_then_cosine


@dataclass(frozen=True)
class Optimization:
    """How weights are changed: the greatest learning rate, AdamW's decay, the share of steps that is warm-up, the EMA.

    `ema_decay` is the decay of the moving average of the weights, 0: none; over the first steps it grows as
    n / (n + `ema_warmup_steps`).
    """

    learning_rate: float
    weight_decay: float
    warmup: float
    ema_decay: float = 0.0
    ema_warmup_steps: int = 0


class TrainingModule(lightning.LightningModule):
    """Trains `network` as `optimization` says; a subclass gives the loss in `training_step`."""

    def __init__(self, network: nn.Module, optimization: Optimization) -> None:
        super().__init__()
        self.network = network
        self.optimization = optimization
        self.ema: AveragedModel | None = averaged_model(network, optimization.ema_decay, optimization.ema_warmup_steps)

    @property
    def evaluated_network(self) -> nn.Module:
        """The network that is validated and kept: the moving average of the weights where there is one."""
        return self.network if self.ema is None else self.ema.module

    def on_train_batch_end(self, *_: Any) -> None:
        """Update the moving average."""
        if self.ema is not None:
            self.ema.update_parameters(self.network)

    def configure_optimizers(self) -> Any:
        """Return AdamW, its learning rate changed after each step; norms and biases do not decay."""
        matrices = [weights for weights in self.network.parameters() if weights.ndim > 1]
        vectors = [weights for weights in self.network.parameters() if weights.ndim <= 1]
        chosen = self.optimization
        groups = [{"params": matrices, "weight_decay": chosen.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=chosen.learning_rate)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: warm_up_then_cosine(step, steps, chosen.warmup)
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
