"""Training module: what every training has in common, as Lightning drives it: optimiser, schedule, moving average."""

from dataclasses import dataclass
from typing import Any, Literal

import lightning.pytorch as lightning
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from xray_platform.training.moving_average import averaged_model
from xray_platform.training.parameter_groups import optimizer_groups
from xray_platform.training.schedule import SCHEDULES

MONITOR = "val_score"  # what the best epoch has most of
MOMENTUM = 0.9  # of sgd and rmsprop
PLATEAU_EPOCHS, PLATEAU_DROP = 2, 0.3


@dataclass(frozen=True)
class Optimization:
    """How weights are changed: the greatest learning rate, the decay, the share of steps that is warm-up, the EMA.

    `ema_decay` is the decay of the moving average of the weights, 0: none; over the first steps it grows as
    n / (n + `ema_warmup_steps`). `schedule` is a name of `SCHEDULES`; `plateau` also heeds `TrainingModule.validated`.
    `layer_decay` is the learning rate of a group of layers as a share of that of the next one.
    """

    learning_rate: float
    weight_decay: float
    warmup: float
    ema_decay: float = 0.0
    ema_warmup_steps: int = 0
    optimizer: Literal["adamw", "sgd", "rmsprop"] = "adamw"
    schedule: str = "cosine"
    layer_decay: float = 1.0


class TrainingModule(lightning.LightningModule):
    """Trains `network` as `optimization` says; a subclass gives the loss in `training_step`.

    One that is validated puts what an epoch measured into `metrics` and logs `MONITOR`.
    """

    plateau_share: Tensor
    best_score: Tensor
    epochs_waited: Tensor

    def __init__(self, network: nn.Module, optimization: Optimization) -> None:
        super().__init__()
        self.network = network
        self.optimization = optimization
        self.metrics: dict[str, float] = {}
        self.register_buffer("plateau_share", torch.tensor(1.0))
        self.register_buffer("best_score", torch.tensor(-float("inf")))
        self.register_buffer("epochs_waited", torch.tensor(0))
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
        """Return the optimiser, its learning rate changed after each step; norms and biases do not decay."""
        chosen = self.optimization
        groups = optimizer_groups(self.network, chosen.learning_rate, chosen.weight_decay, chosen.layer_decay)
        optimizer = _optimizer(chosen, list(groups))
        steps, share = int(self.trainer.estimated_stepping_batches), SCHEDULES[chosen.schedule]
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: share(step, steps, chosen.warmup) * float(self.plateau_share)
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def validated(self, score: float) -> None:
        """Take the score of an epoch: after so many without a better one the schedule `plateau` lowers its rate."""
        self.epochs_waited += 1
        if score > self.best_score:
            self.best_score.fill_(score)
            self.epochs_waited.zero_()
        elif self.optimization.schedule == "plateau" and self.epochs_waited > PLATEAU_EPOCHS:
            self.plateau_share *= PLATEAU_DROP
            self.epochs_waited.zero_()


def _optimizer(chosen: Optimization, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    if chosen.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=chosen.learning_rate, momentum=MOMENTUM, nesterov=True)
    if chosen.optimizer == "rmsprop":
        return torch.optim.RMSprop(groups, lr=chosen.learning_rate, momentum=MOMENTUM)
    return torch.optim.AdamW(groups, lr=chosen.learning_rate)
