"""Efficient network: EfficientNet-B0 of one channel, with the names of torchvision's weights below `body`."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from xray_platform.networks.blur import Blur
from xray_platform.networks.efficientnet_settings import EfficientNetSettings
from xray_platform.networks.published import PublishedNetwork, below_body, centred, grey_of_rgb, in_groups

STEM, LAST = 32, 1280  # channels of B0


@dataclass(frozen=True)
class Stage:
    """Blocks of one kind: how much wider they are inside, their kernel, stride of the first, channels, how many."""

    expand: int
    kernel: int
    stride: int
    channels: int
    blocks: int


STAGES = (
    Stage(1, 3, 1, 16, 1), Stage(6, 3, 2, 24, 2), Stage(6, 5, 2, 40, 2), Stage(6, 3, 2, 80, 3),
    Stage(6, 5, 1, 112, 3), Stage(6, 5, 2, 192, 4), Stage(6, 3, 1, 320, 1),
)  # fmt: skip
KEEPS = 5  # the stage whose stride the proposed form leaves out


class Excitation(nn.Module):
    """Weighs channels by what they hold on average over the picture (Hu et al., CVPR 2018)."""

    def __init__(self, channels: int, narrow: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, narrow, 1)
        self.fc2 = nn.Conv2d(narrow, channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the maps (N, C, h, w), each channel times a weight in (0, 1)."""
        averages = maps.mean(dim=(2, 3), keepdim=True)
        return maps * torch.sigmoid(self.fc2(functional.silu(self.fc1(averages))))


def convolution(incoming: int, outgoing: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Return a convolution and its norm."""
    shape = nn.Conv2d(incoming, outgoing, kernel, stride, padding=kernel // 2, groups=groups, bias=False)
    return nn.Sequential(shape, nn.BatchNorm2d(outgoing))


class Block(nn.Module):
    """Widens, looks at each channel by itself, weighs the channels, narrows (Sandler et al., CVPR 2018)."""

    def __init__(self, incoming: int, stage: Stage, stride: int, *, dropped: float, blurred: bool) -> None:
        super().__init__()
        wide, self.dropped = incoming * stage.expand, dropped
        self.around = stride == 1 and incoming == stage.channels
        blurs = blurred and stride > 1
        parts: list[nn.Module] = [convolution(incoming, wide)] if stage.expand > 1 else []
        self.depthwise = len(parts)
        parts += [
            convolution(wide, wide, stage.kernel, 1 if blurs else stride, groups=wide),
            Excitation(wide, max(1, incoming // 4)),
            convolution(wide, stage.channels),
        ]
        self.block = nn.ModuleList(parts)
        self.blur = Blur(wide, stride) if blurs else nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        """Turn (N, incoming, h, w) into (N, outgoing, h / stride rounded up, w / stride rounded up)."""
        out = maps
        for place, part in enumerate(self.block[:-1]):
            out = part(out)
            if place <= self.depthwise:
                out = functional.silu(out)
            if place == self.depthwise:
                out = self.blur(out)
        out = self.block[-1](out)
        return maps + self._kept(out) if self.around else out

    def _kept(self, maps: Tensor) -> Tensor:
        """Leave the block out for some pictures of a batch while learning (Huang et al., ECCV 2016)."""
        if not self.training or not self.dropped:
            return maps
        keep = (torch.rand(len(maps), 1, 1, 1, device=maps.device) >= self.dropped).to(maps.dtype)
        return maps * keep / (1 - self.dropped)


class EfficientNet(PublishedNetwork):
    """EfficientNet-B0 (Tan and Le, ICML 2019); the last maps have S / 32 places a side, S / 16 in the proposed form."""

    def __init__(self, settings: EfficientNetSettings, outputs: int = 1) -> None:
        super().__init__()
        proposed, incoming = settings.form == "proposed", _channels(STEM, settings.width)
        stem = convolution(1, incoming, 3, stride=1 if proposed else 2)
        self.blur = Blur(incoming, 2) if proposed else nn.Identity()
        stages: list[nn.Module] = []
        total, done = sum(stage.blocks for stage in STAGES), 0
        for number, published in enumerate(STAGES):
            stage = Stage(**{**vars(published), "channels": _channels(published.channels, settings.width)})
            stride, blocks = 1 if proposed and number == KEEPS else stage.stride, []
            for place in range(stage.blocks):
                dropped = settings.dropped_blocks * done / total
                blocks.append(Block(incoming, stage, 1 if place else stride, dropped=dropped, blurred=proposed))
                incoming, done = stage.channels, done + 1
            stages.append(nn.Sequential(*blocks))
        outgoing = _channels(LAST, settings.width)
        last = convolution(incoming, outgoing)
        self.body = nn.ModuleList([stem, *stages, last])
        self.classifier = nn.Sequential(nn.Dropout(settings.dropout), nn.Linear(outgoing, outputs))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # faster on a CPU

    def features(self, images: Tensor) -> Tensor:
        """Return the last maps, (N, C, h, w)."""
        maps = self.blur(functional.silu(self.body[0](centred(images))))
        for stage in self.body[1:-1]:
            maps = stage(maps)
        return functional.silu(self.body[-1](maps))

    def classify(self, features: Tensor) -> Tensor:
        """Return the outputs (N, K) of the last maps."""
        logits: Tensor = self.classifier(features.mean(dim=(2, 3)))
        return logits

    def parameter_groups(self) -> tuple[nn.Module, ...]:
        """Return the stem with the first stage, the other stages, the last convolution, and the classifier."""
        return in_groups([self.body[0], self.body[1]], *([stage] for stage in self.body[2:]), [self.classifier])


def _channels(published: int, share: float) -> int:
    """Return a share of the published channels: a multiple of 8 that is not less than nine tenths of it."""
    wanted = published * share
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * wanted else rounded + 8


def adapt(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Turn torchvision's weights into those of this network: of one grey channel."""
    return grey_of_rgb(below_body(weights), "body.0.0.weight", "body.0.1.running_mean", -1)
