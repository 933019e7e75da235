"""Attention CNN: a small residual network with channel and spatial attention, made for one core."""

import torch
from torch import Tensor, nn

from xray_platform.networks.attention import attention
from xray_platform.networks.attention_cnn_settings import AttentionCnnSettings

WIDENING = (1, 2, 3, 4)  # widths of the stages, as multiples of the first
STRIDES = (1, 2, 2, 1)  # the last stage keeps its sides: a heat map of 4 x 4 places would show nothing


class Block(nn.Module):
    """Two 3 x 3 convolutions and attention, added to the way around them (ResNet-D shortcut: average, then 1 x 1)."""

    def __init__(self, incoming: int, outgoing: int, stride: int, settings: AttentionCnnSettings) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(incoming, outgoing, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(outgoing),
            nn.ReLU(inplace=True),
            nn.Conv2d(outgoing, outgoing, 3, padding=1, bias=False),
            nn.BatchNorm2d(outgoing),
        )
        self.attend = attention(settings.attention, outgoing, settings.reduction, settings.spatial_kernel)
        self.around = nn.Identity() if incoming == outgoing and stride == 1 else _shortcut(incoming, outgoing, stride)

    def forward(self, maps: Tensor) -> Tensor:
        """Turn (N, incoming, h, w) into (N, outgoing, h / stride rounded up, w / stride rounded up)."""
        return torch.relu(self.attend(self.body(maps)) + self.around(maps))


def _shortcut(incoming: int, outgoing: int, stride: int) -> nn.Module:
    return nn.Sequential(
        # ceil_mode: odd sides (112 px give 7 cells) must shrink as the strided convolution shrinks them
        nn.AvgPool2d(stride, ceil_mode=True, count_include_pad=False) if stride > 1 else nn.Identity(),
        nn.Conv2d(incoming, outgoing, 1, bias=False),
        nn.BatchNorm2d(outgoing),
    )


class AttentionCnn(nn.Module):
    """A radiograph (N, 1, S, S) float32 in [0, 1] in, one logit a picture (N,) out; 0.5 M parameters by default.

    With more `outputs` it gives as many logits a picture, (N, K), one for each class.
    A strided 5 x 5 stem and a pool bring S to S / 4, four stages to S / 16; the mean over the places is classified.
    """

    def __init__(self, settings: AttentionCnnSettings, outputs: int = 1) -> None:
        super().__init__()
        widths = [settings.width * wider for wider in WIDENING]
        self.stem = nn.Sequential(
            nn.Conv2d(1, widths[0], 5, stride=2, padding=2, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.stages = nn.Sequential(*(_stage(number, widths, settings) for number in range(len(widths))))
        self.dropout = nn.Dropout(settings.dropout)
        self.classifier = nn.Linear(widths[-1], outputs)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # twice as fast on a CPU

    def features(self, images: Tensor) -> Tensor:
        """Return the last maps, (N, 4 x width, S / 16, S / 16); [0, 1] is moved to about zero mean and unit spread."""
        centred = (images - 0.5) / 0.25
        maps: Tensor = self.stages(self.stem(centred.contiguous(memory_format=torch.channels_last)))
        return maps

    def head(self, features: Tensor) -> Tensor:
        """Return the logits (N,), or (N, K), of the last maps."""
        logits: Tensor = self.classifier(self.dropout(features.mean(dim=(2, 3))))
        return logits.squeeze(1)  # of one output only

    def parameter_groups(self) -> tuple[nn.Module, ...]:
        """Return the stem, the four stages and the classifier."""
        return (self.stem, *self.stages, self.classifier)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (N,), higher is more abnormal; or those of the classes, (N, K)."""
        return self.head(self.features(images))


def _stage(number: int, widths: list[int], settings: AttentionCnnSettings) -> nn.Module:
    """Return the blocks of one stage; the first of them changes width and sides."""
    incoming, outgoing = widths[max(number - 1, 0)], widths[number]
    first = Block(incoming, outgoing, STRIDES[number], settings)
    return nn.Sequential(first, *(Block(outgoing, outgoing, 1, settings) for _ in range(settings.blocks - 1)))
