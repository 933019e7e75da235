"""Plain deep network: VGG16 with norms, of one channel, with the names of torchvision's weights below `body`."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from xray_platform.networks.blur import max_pool
from xray_platform.networks.published import PublishedNetwork, below_body, centred, grey_of_rgb, in_groups
from xray_platform.networks.vgg_settings import VggSettings

STAGES = ((1, 1), (2, 2), (4, 4, 4), (8, 8, 8), (8, 8, 8))
"""Channels of each convolution, in times the width."""
PLACES = 7  # a side of the maps that the dense layers of the standard form see
HIDDEN = 64  # times the width: 4,096 as published


class Vgg(PublishedNetwork):
    """VGG16 (Simonyan and Zisserman, ICLR 2015) with norms; the last maps have S / 32 places a side, else S / 16."""

    def __init__(self, settings: VggSettings, outputs: int = 1) -> None:
        super().__init__()
        proposed, incoming = settings.form == "proposed", 1
        self.body, self.ends = nn.Sequential(), list[int]()
        for number, stage in enumerate(STAGES):
            for times in stage:
                outgoing = times * settings.width
                self.body.extend([nn.Conv2d(incoming, outgoing, 3, padding=1), nn.BatchNorm2d(outgoing), nn.ReLU()])
                incoming = outgoing
            keeps = proposed and number == len(STAGES) - 1
            self.body.append(nn.Identity() if keeps else max_pool(incoming, 2, blurred=proposed))
            self.ends.append(len(self.body))
        dense = [nn.Dropout(settings.dropout), nn.Linear(incoming, outputs)]
        self.dense = nn.Sequential(*(dense if proposed else _published_dense(incoming, settings, outputs)))
        self.places = 1 if proposed else PLACES
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # faster on a CPU

    def features(self, images: Tensor) -> Tensor:
        """Return the last maps, (N, C, h, w)."""
        maps: Tensor = self.body(centred(images))
        return maps

    def classify(self, features: Tensor) -> Tensor:
        """Return the outputs (N, K) of the last maps."""
        logits: Tensor = self.dense(_means(features, self.places).flatten(1))
        return logits

    def parameter_groups(self) -> tuple[nn.Module, ...]:
        """Return the five stages, and the dense layers."""
        stages = zip([0, *self.ends[:-1]], self.ends, strict=True)
        return in_groups(*([self.body[first:end]] for first, end in stages), [self.dense])


def _published_dense(incoming: int, settings: VggSettings, outputs: int) -> Sequence[nn.Module]:
    hidden = HIDDEN * settings.width
    widths = [(incoming * PLACES**2, hidden), (hidden, hidden)]
    layers = [layer for sides in widths for layer in (nn.Linear(*sides), nn.ReLU(), nn.Dropout(settings.dropout))]
    return [*layers, nn.Linear(hidden, outputs)]


def _means(maps: Tensor, places: int) -> Tensor:
    """Return the means over `places` x `places` parts of the maps, as adaptive pooling gives them."""
    return nn.functional.adaptive_avg_pool2d(maps, places)


def adapt(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Turn torchvision's weights into those of this network: of one grey channel, without its 1,000 classes."""
    kept = {name: value for name, value in weights.items() if not name.startswith("classifier.")}
    return grey_of_rgb(below_body(kept), "body.0.weight", "body.0.bias", 1)
