"""Step loop: train a network for a number of steps by AdamW, and keep the moving average of its weights."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from xray_platform.progress import Progress
from xray_platform.training.schedule import warm_up_then_cosine

WARMUP = 0.03  # share of the steps in which the learning rate rises


def fit_in_steps(
    network: nn.Module,
    loss_at: Callable[[int, nn.Module], Tensor],
    *,
    steps: int,
    learning_rate: float,
    weight_decay: float,
    ema_decay: float,
    progress: Progress,
) -> None:
    """Train `network` in place; it ends with the moving average of its weights, in evaluation mode.

    `loss_at(step, average)` returns the loss of that step (from 0) of the network in training mode; `average` is the
    network with the moving average so far. `learning_rate` is the greatest; gradients are clipped to a norm of 1.
    """
    optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=weight_decay)
    average = AveragedModel(
        network,
        multi_avg_fn=get_ema_multi_avg_fn(ema_decay),  # type: ignore[no-untyped-call]
        use_buffers=True,
    )
    losses: list[float] = []
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * warm_up_then_cosine(step, steps, WARMUP)
        network.train()
        loss = loss_at(step, average.module)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        average.update_parameters(network)
        losses.append(float(loss.detach()))
        progress(step + 1, steps, f"training, loss {np.mean(losses[-100:]):.4f}")
    network.load_state_dict(average.module.state_dict())
    network.eval()
