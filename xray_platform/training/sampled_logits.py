"""Sampled logits: what a trained network might as well have said: with other features left out, or of another seed.

Dropout at scoring time (Gal & Ghahramani, ICML 2016) leaves out other pooled features in each pass. A pass leaves out
the same ones of every picture, so that what it says of one depends on no other; and all networks of the platform leave
out behind their last maps, so that these are made once for all passes.
"""

from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor, nn

from xray_platform.networks.contract import ExplainableModule
from xray_platform.networks.members import NetworkMembers

Wanted = Callable[[Tensor], Tensor]


def has_dropout(network: nn.Module) -> bool:
    """Tell whether there is anything to leave out."""
    return bool(_dropouts(network))


def dropout_logits(network: nn.Module, images: Tensor, passes: int, wanted: Wanted) -> Tensor:
    """Return what a network in evaluation says of images (N, 1, S, S) in so many passes, (passes, N).

    `wanted` takes the outputs to the logit of being abnormal. The same passes each time.
    """
    halves: ExplainableModule = network  # type: ignore[assignment]
    features, said = halves.features(images), []
    for number in range(passes):
        with _leaving_out(network, torch.Generator().manual_seed(number)):
            said.append(wanted(halves.head(features)))
    return torch.stack(said)


def member_logits(network: NetworkMembers, images: Tensor, wanted: Wanted) -> Tensor:
    """Return what each member says of images (N, 1, S, S), (M, N)."""
    return torch.stack([wanted(member.head(member.features(images))) for member in network.each()])


def _dropouts(network: nn.Module) -> list[nn.Dropout]:
    return [module for module in network.modules() if isinstance(module, nn.Dropout) and module.p > 0]


@contextmanager
def _leaving_out(network: nn.Module, rng: Generator) -> Any:
    hooks = [module.register_forward_hook(partial(_left_out, rng)) for module in _dropouts(network)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _left_out(rng: Generator, module: nn.Dropout, _inputs: object, output: Tensor) -> Tensor:
    """Return features (N, ...), the same share of each row left out and the rest made larger, as in training."""
    kept = torch.rand(output.shape[1:], generator=rng) >= module.p
    return output * kept.to(output.device) / (1 - module.p)
