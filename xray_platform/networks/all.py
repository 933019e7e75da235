"""All networks: a new one is its file, that of its settings, and one line here."""

from typing import TYPE_CHECKING

from xray_platform.networks.attention_cnn_settings import SMALLEST_SIDE, AttentionCnnSettings
from xray_platform.networks.contract import NetworkKind
from xray_platform.networks.resnet_settings import SMALLEST_SIDE as RESNET_SMALLEST_SIDE
from xray_platform.networks.resnet_settings import ResNetSettings

if TYPE_CHECKING:
    from torch import Tensor, nn


def _attention_cnn(settings: AttentionCnnSettings, outputs: int) -> "nn.Module":
    from xray_platform.networks.attention_cnn import AttentionCnn  # torch takes seconds to import

    return AttentionCnn(settings, outputs)


def _resnet(settings: ResNetSettings, outputs: int) -> "nn.Module":
    from xray_platform.networks.resnet import ResNet

    return ResNet(settings, outputs)


def _initialise_resnet(network: "nn.Module", settings: ResNetSettings) -> None:
    from xray_platform.networks.resnet import initialise

    initialise(network, settings)


def _resnet_from_rgb(weights: "dict[str, Tensor]") -> "dict[str, Tensor]":
    from xray_platform.networks.resnet import from_rgb

    return from_rgb(weights)


_QUICK = {
    "recipe": "default",
    "epochs": 16,
    "patience": 16,
    "batch_size": 8,
    "learning_rate": 0.001,
    "weight_decay": 0.02,
    "warmup": 0.1,
    "schedule": "cosine",
    "kept_epoch": "best",
    "ema_decay": 0.95,
    "rotation_degrees": 7.0,
    "shift": 0.05,
    "scale": 0.05,
    "stretch": 0.05,
    "brightness": 0.05,
    "contrast": 0.1,
    "gamma": 0.0,
    "sharpness": 0.0,
    "blur": 0.0,
    "noise": 0.0,
    "threads": 1,
}
_KINDS = (
    NetworkKind(
        "attention_cnn",
        AttentionCnnSettings,
        _attention_cnn,
        "a small residual network with channel and spatial attention, learnt from scratch",
        smallest_side=SMALLEST_SIDE,
        version="2",
        recipe="equalised",
        quick={**_QUICK, "width": 16},
    ),
    NetworkKind(
        "resnet",
        ResNetSettings,
        _resnet,
        "a residual network of 18, 34 or 50 layers, from scratch or from published weights",
        smallest_side=RESNET_SMALLEST_SIDE,
        recipe="equalised",
        initialise=_initialise_resnet,
        adapt=_resnet_from_rgb,
        quick={**_QUICK, "width": 16, "epochs": 8},
    ),
)

NETWORKS: dict[str, NetworkKind] = {kind.name: kind for kind in _KINDS}
