"""Residual network: ResNet 18, 34 and 50 of one channel, with the names of torchvision's weights."""

import torch
from torch import Tensor, nn

from xray_platform.networks import published
from xray_platform.networks.blur import Blur, max_pool
from xray_platform.networks.published import PublishedNetwork, centred, grey_of_rgb
from xray_platform.networks.resnet_settings import ResNetSettings

BLOCKS = {"18": (2, 2, 2, 2), "34": (3, 4, 6, 3), "50": (3, 4, 6, 3)}


class Block(nn.Module):
    """Two 3 x 3 convolutions, or a 3 x 3 one between two of 1 x 1 (bottleneck), added to the way around them."""

    def __init__(self, incoming: int, narrow: int, stride: int, *, bottleneck: bool, blurred: bool) -> None:
        super().__init__()
        outgoing, halves = narrow * (4 if bottleneck else 1), stride > 1
        inner = 1 if blurred else stride
        sides = (1, 3, 1) if bottleneck else (3, 3)
        widths = (incoming, *[narrow] * (len(sides) - 1), outgoing)
        strided = 1 if bottleneck else 0  # the convolution of 3 x 3 that halves the sides
        for place, side in enumerate(sides):
            step = inner if place == strided else 1
            convolution = nn.Conv2d(widths[place], widths[place + 1], side, step, padding=side // 2, bias=False)
            self.add_module(f"conv{place + 1}", convolution)
            self.add_module(f"bn{place + 1}", nn.BatchNorm2d(widths[place + 1]))
        self.layers, self.strided = len(sides), strided
        self.blur = Blur(narrow, stride) if blurred and halves else nn.Identity()
        self.before = Blur(incoming, stride) if blurred and halves else nn.Identity()
        self.downsample = _shortcut(incoming, outgoing, inner) if halves or incoming != outgoing else nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        """Turn (N, incoming, h, w) into (N, outgoing, h / stride rounded up, w / stride rounded up)."""
        out = maps
        for place in range(self.layers):
            out = self.get_submodule(f"bn{place + 1}")(self.get_submodule(f"conv{place + 1}")(out))
            if place < self.layers - 1:
                out = torch.relu(out)
            if place == self.strided:
                out = self.blur(out)
        around: Tensor = self.downsample(self.before(maps))
        return torch.relu(out + around)


def _shortcut(incoming: int, outgoing: int, stride: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(incoming, outgoing, 1, stride, bias=False), nn.BatchNorm2d(outgoing))


class ResNet(PublishedNetwork):
    """ResNet (He et al., CVPR 2016); the last maps have S / 32 places a side, S / 16 in the proposed form."""

    def __init__(self, settings: ResNetSettings, outputs: int = 1) -> None:
        super().__init__()
        bottleneck, blurred = settings.depth == "50", settings.form == "proposed"
        self.conv1 = nn.Conv2d(1, settings.width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(settings.width)
        self.maxpool = max_pool(settings.width, 3, blurred=blurred)
        incoming = settings.width
        for number, (blocks, stride) in enumerate(zip(BLOCKS[settings.depth], _strides(settings), strict=True)):
            narrow = settings.width * 2**number
            outgoing = narrow * (4 if bottleneck else 1)
            first = Block(incoming, narrow, stride, bottleneck=bottleneck, blurred=blurred)
            more = [Block(outgoing, narrow, 1, bottleneck=bottleneck, blurred=blurred) for _ in range(blocks - 1)]
            self.add_module(f"layer{number + 1}", nn.Sequential(first, *more))
            incoming = outgoing
        self.dropout = nn.Dropout(settings.dropout)
        self.fc = nn.Linear(incoming, outputs)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # faster on a CPU

    def features(self, images: Tensor) -> Tensor:
        """Return the last maps, (N, C, h, w)."""
        maps = self.maxpool(torch.relu(self.bn1(self.conv1(centred(images)))))
        for stage in self._stages():
            maps = stage(maps)
        return maps  # type: ignore[no-any-return]

    def classify(self, features: Tensor) -> Tensor:
        """Return the outputs (N, K) of the last maps."""
        logits: Tensor = self.fc(self.dropout(features.mean(dim=(2, 3))))
        return logits

    def parameter_groups(self) -> tuple[nn.Module, ...]:
        """Return the stem, the four stages and the classifier."""
        return (nn.ModuleList([self.conv1, self.bn1]), *self._stages(), self.fc)

    def _stages(self) -> list[nn.Module]:
        return [self.get_submodule(f"layer{number}") for number in range(1, 5)]


def _strides(settings: ResNetSettings) -> tuple[int, ...]:
    return (1, 2, 2, 1) if settings.form == "proposed" else (1, 2, 2, 2)


def initialise(network: nn.Module, _: ResNetSettings) -> None:
    """Begin as He et al. (ICCV 2015), and with blocks that add nothing yet (Goyal et al., 2017)."""
    published.initialise(network)
    for module in network.modules():
        if isinstance(module, Block):
            nn.init.zeros_(module.get_submodule(f"bn{module.layers}").weight)  # type: ignore[arg-type]


def adapt(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Turn torchvision's weights into those of this network: of one grey channel."""
    return grey_of_rgb(weights, "conv1.weight", "bn1.running_mean", -1)
