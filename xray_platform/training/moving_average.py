"""Moving average: the exponential moving average (EMA) of a network's weights, smoother than those of the last step."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


def averaged_model(network: nn.Module, decay: float, warmup_steps: int = 0) -> AveragedModel | None:
    """Return the moving average of weights and buffers, of no updates yet; None where `decay` is 0.

    At update n, from 0, the average keeps min(decay, n / (n + warmup_steps)) of itself, so that a longer warm-up
    forgets the first weights sooner.
    """
    if decay == 0:
        return None

    def update(averages: Sequence[Tensor], values: Sequence[Tensor], count: Tensor | int) -> None:
        kept = min(decay, int(count) / (int(count) + warmup_steps))
        get_ema_multi_avg_fn(kept)(averages, values, count)  # type: ignore[no-untyped-call]

    average = AveragedModel(network, multi_avg_fn=update, use_buffers=True)
    average.requires_grad_(requires_grad=False)  # it has no gradient, and processes that learn together wait for those
    return average
