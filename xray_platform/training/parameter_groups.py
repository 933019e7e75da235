"""Parameter groups: which layers of a network learn in an epoch, and how fast each of them does."""

from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

from xray_platform.errors import InputError
from xray_platform.training.transfer_settings import TransferSettings


def groups_of(network: nn.Module) -> Sequence[nn.Module]:
    """Return the modules that hold the weights, from the input to the output; a network that names none is one group.

    See `NetworkModule.parameter_groups`.
    """
    named = getattr(network, "parameter_groups", None)
    return (network,) if named is None else named()


def optimizer_groups(
    network: nn.Module, learning_rate: float, weight_decay: float, layer_decay: float
) -> Iterator[dict[str, Any]]:
    """Yield groups for an optimiser: the further from the output, the slower; norms and biases do not decay."""
    groups = groups_of(network)
    for place, module in enumerate(groups):
        rate = learning_rate * layer_decay ** (len(groups) - 1 - place)
        matrices = [weights for weights in module.parameters() if weights.ndim > 1]
        vectors = [weights for weights in module.parameters() if weights.ndim <= 1]
        yield {"params": matrices, "lr": rate, "weight_decay": weight_decay}
        yield {"params": vectors, "lr": rate, "weight_decay": 0.0}


def frozen_in(epoch: int, settings: TransferSettings) -> int:
    """Return how many groups do not learn in an epoch, counted from 0.

    >>> [frozen_in(epoch, TransferSettings(frozen_groups=2, unfreeze_epochs=3)) for epoch in (0, 2, 3, 6, 9)]
    [2, 2, 1, 0, 0]
    """
    freed = epoch // settings.unfreeze_epochs if settings.unfreeze_epochs else 0
    return max(settings.frozen_groups - freed, 0)


def freeze(network: nn.Module, frozen: int) -> None:
    """Let the first groups keep their weights, their statistics (batch norm) and all of their values (no dropout)."""
    for place, module in enumerate(groups_of(network)):
        learns = place >= frozen
        module.requires_grad_(requires_grad=learns)
        if not learns:
            module.eval()


def check_frozen(network: nn.Module, settings: TransferSettings) -> None:
    """Raise `InputError` where no group would be left that learns."""
    count = len(groups_of(network))
    if settings.frozen_groups >= count:
        raise InputError(
            f"frozen_groups {settings.frozen_groups}: the network has {count} groups of layers; at most {count - 1} "
            "can keep their weights"
        )
