"""Densely connected network: DenseNet121 of one channel, with the names of torchvision's weights below `body`."""

import re

import torch
from torch import Tensor, nn

from xray_platform.networks.blur import max_pool
from xray_platform.networks.densenet_settings import DenseNetSettings
from xray_platform.networks.published import PublishedNetwork, below_body, centred, grey_of_rgb, in_groups

LAYERS = (6, 12, 24, 16)
BOTTLENECK = 4  # times the growth: channels between the two convolutions of a layer


class DenseLayer(nn.Module):
    """Adds `growth` channels, made by a 1 x 1 and a 3 x 3 convolution, to those that it is given."""

    def __init__(self, incoming: int, growth: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(incoming)
        self.conv1 = nn.Conv2d(incoming, BOTTLENECK * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(BOTTLENECK * growth)
        self.conv2 = nn.Conv2d(BOTTLENECK * growth, growth, 3, padding=1, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        """Turn (N, incoming, h, w) into (N, incoming + growth, h, w)."""
        narrow = self.conv1(torch.relu(self.norm1(maps)))
        return torch.cat([maps, self.conv2(torch.relu(self.norm2(narrow)))], dim=1)


class Transition(nn.Module):
    """Halves the channels and, unless it `keeps` them, the sides."""

    def __init__(self, incoming: int, *, keeps: bool) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(incoming)
        self.conv = nn.Conv2d(incoming, incoming // 2, 1, bias=False)
        self.pool = nn.Identity() if keeps else nn.AvgPool2d(2)

    def forward(self, maps: Tensor) -> Tensor:
        """Turn (N, incoming, h, w) into (N, incoming / 2, h / 2, w / 2)."""
        smaller: Tensor = self.pool(self.conv(torch.relu(self.norm(maps))))
        return smaller


class DenseNet(PublishedNetwork):
    """DenseNet121 (Huang et al., CVPR 2017); the last maps have S / 32 places a side, S / 16 in the proposed form."""

    def __init__(self, settings: DenseNetSettings, outputs: int = 1) -> None:
        super().__init__()
        proposed, growth = settings.form == "proposed", settings.growth
        channels = 2 * growth
        self.body = nn.Module()
        self.body.add_module("conv0", nn.Conv2d(1, channels, 7, stride=2, padding=3, bias=False))
        self.body.add_module("norm0", nn.BatchNorm2d(channels))
        self.pool = max_pool(channels, 3, blurred=proposed)
        for number, layers in enumerate(LAYERS, start=1):
            block = nn.Sequential()
            for layer in range(layers):
                block.add_module(f"denselayer{layer + 1}", DenseLayer(channels + layer * growth, growth))
            self.body.add_module(f"denseblock{number}", block)
            channels += layers * growth
            if number < len(LAYERS):
                keeps = proposed and number == len(LAYERS) - 1
                self.body.add_module(f"transition{number}", Transition(channels, keeps=keeps))
                channels //= 2
        self.body.add_module("norm5", nn.BatchNorm2d(channels))
        self.dropout = nn.Dropout(settings.dropout)
        self.classifier = nn.Linear(channels, outputs)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # faster on a CPU

    def features(self, images: Tensor) -> Tensor:
        """Return the last maps, (N, C, h, w)."""
        maps = self._part("norm0")(self._part("conv0")(centred(images)))
        maps = self.pool(torch.relu(maps))
        for number in range(1, len(LAYERS) + 1):
            maps = self._part(f"denseblock{number}")(maps)
            if number < len(LAYERS):
                maps = self._part(f"transition{number}")(maps)
        return torch.relu(self._part("norm5")(maps))

    def classify(self, features: Tensor) -> Tensor:
        """Return the outputs (N, K) of the last maps."""
        logits: Tensor = self.classifier(self.dropout(features.mean(dim=(2, 3))))
        return logits

    def parameter_groups(self) -> tuple[nn.Module, ...]:
        """Return the stem, the four blocks, each with the transition before it, and the classifier."""
        later = [[self._part(f"transition{number - 1}"), self._part(f"denseblock{number}")] for number in (2, 3, 4)]
        later[-1].append(self._part("norm5"))
        stem = [self._part("conv0"), self._part("norm0")]
        return in_groups(stem, [self._part("denseblock1")], *later, [self.classifier])

    def _part(self, name: str) -> nn.Module:
        return self.body.get_submodule(name)


def adapt(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Turn torchvision's weights, also of its older files, into those of this network: of one grey channel."""
    newer = {re.sub(r"(denselayer\d+\.(?:norm|conv))\.(\d)", r"\1\2", name): value for name, value in weights.items()}
    return grey_of_rgb(below_body(newer), "body.conv0.weight", "body.norm0.running_mean", -1)
