"""Contract of a network: what training, scoring and heat maps ask of a torch module."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from xray_platform.settings import Settings

if TYPE_CHECKING:  # torch takes seconds to import, and the table of networks is read for names and settings too
    from torch import Tensor, nn


class ExplainableModule(Protocol):
    """A torch module in two halves, so that its last maps can be looked at (Grad-CAM)."""

    def features(self, images: "Tensor") -> "Tensor":
        """Turn `images` (N, 1, S, S) float32 in [0, 1] into the last maps, (N, C, h, w)."""
        ...

    def head(self, features: "Tensor") -> "Tensor":
        """Turn the last maps into a logit a picture, (N,), higher is more abnormal; or those of K classes, (N, K)."""
        ...


class NetworkModule(ExplainableModule, Protocol):
    """A torch module that a line of the table builds: one that can be explained, in groups that learn apart."""

    def parameter_groups(self) -> "Sequence[nn.Module]":
        """Return the modules that together hold all weights, each once, from the input to the output.

        Each is a group that can learn at a rate of its own or not at all; the last one is what classifies.
        """
        ...


@dataclass(frozen=True)
class NetworkKind:
    """One line of the table of networks: its name, its settings, how it is built, and what it is in one sentence.

    `build` takes the settings and the number of outputs: 1, or one for each of several classes.
    `version` is that of the architecture and of how it learns: raise it when the same data and settings give another
    network. `recipe` and `side` are those of the tensors that it reads unless a store says otherwise, `smallest_side`
    is the least that it can take; pictures have one channel. `initialise` gives a network that was just built its first
    weights, where it shall not begin with those that torch draws; a trained one is loaded without it. `published` says
    under which name torchvision publishes weights for given settings, `adapt` turns weights as they are published into
    those of the network. With `on_request` it is trained only where a store asks for it. `quick` are the settings of
    network and training, where
    they are not the defaults, that learn a few hundred phantoms within a minute: for the demo and the tests.
    """

    name: str
    settings: type[Settings]
    build: "Callable[[Any, int], nn.Module]"
    description: str
    smallest_side: int
    version: str = "1"
    recipe: str = "default"
    side: int = 128
    library: str = "pytorch"
    initialise: "Callable[[nn.Module, Any], None] | None" = None
    published: "Callable[[Any], str] | None" = None
    adapt: "Callable[[dict[str, Tensor]], dict[str, Tensor]] | None" = None
    on_request: bool = False
    quick: Mapping[str, Any] = field(default_factory=dict)

    def parameters(self, settings: Settings) -> int:
        """Return how many numbers the network learns with these settings."""
        return sum(weights.numel() for weights in self.build(settings, 1).parameters())
