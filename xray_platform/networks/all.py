"""All networks: a new one is its file, that of its settings, and one line here."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from xray_platform.networks.attention_cnn_settings import SMALLEST_SIDE, AttentionCnnSettings
from xray_platform.networks.contract import NetworkKind
from xray_platform.networks.densenet_settings import DenseNetSettings
from xray_platform.networks.efficientnet_settings import EfficientNetSettings
from xray_platform.networks.published_settings import SMALLEST_SIDE as PUBLISHED_SMALLEST_SIDE
from xray_platform.networks.resnet_settings import ResNetSettings
from xray_platform.networks.vgg_settings import VggSettings


def _of(module: str, name: str) -> Callable[..., Any]:
    """Return what `networks/<module>.py` calls `name`, imported when it is called: torch takes seconds to import."""

    def call(*values: Any) -> Any:
        return getattr(import_module(f"xray_platform.networks.{module}"), name)(*values)

    return call


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
RESNETS = {"18": "resnet18-f37072fd.pth", "34": "resnet34-b627a593.pth", "50": "resnet50-0676ba61.pth"}
_KINDS = (
    NetworkKind(
        "attention_cnn",
        AttentionCnnSettings,
        _of("attention_cnn", "AttentionCnn"),
        "a small residual network with channel and spatial attention, learnt from scratch",
        smallest_side=SMALLEST_SIDE,
        version="2",
        recipe="equalised",
        quick={**_QUICK, "width": 16},
    ),
    NetworkKind(
        "resnet",
        ResNetSettings,
        _of("resnet", "ResNet"),
        "a residual network of 18, 34 or 50 layers, from scratch or from published weights",
        smallest_side=PUBLISHED_SMALLEST_SIDE,
        recipe="equalised",
        initialise=_of("resnet", "initialise"),
        published=lambda settings: RESNETS[settings.depth],
        adapt=_of("resnet", "adapt"),
        quick={**_QUICK, "width": 16, "epochs": 8, "learning_rate": 0.003},
    ),
    NetworkKind(
        "densenet",
        DenseNetSettings,
        _of("densenet", "DenseNet"),
        "a densely connected network of 121 layers, from scratch or from published weights",
        smallest_side=PUBLISHED_SMALLEST_SIDE,
        recipe="equalised",
        initialise=_of("published", "initialise"),
        published=lambda _: "densenet121-a639ec97.pth",
        adapt=_of("densenet", "adapt"),
        on_request=True,
        quick={**_QUICK, "growth": 8, "epochs": 8, "learning_rate": 0.003},
    ),
    NetworkKind(
        "efficientnet",
        EfficientNetSettings,
        _of("efficientnet", "EfficientNet"),
        "an efficient network (B0), from scratch or from published weights",
        smallest_side=PUBLISHED_SMALLEST_SIDE,
        recipe="equalised",
        initialise=_of("published", "initialise"),
        published=lambda _: "efficientnet_b0_rwightman-7f5810bc.pth",
        adapt=_of("efficientnet", "adapt"),
        on_request=True,
        quick={**_QUICK, "width": 0.25, "epochs": 8, "learning_rate": 0.005},
    ),
    NetworkKind(
        "vgg",
        VggSettings,
        _of("vgg", "Vgg"),
        "a plain network of 16 layers, from scratch or from published weights",
        smallest_side=PUBLISHED_SMALLEST_SIDE,
        recipe="equalised",
        initialise=_of("published", "initialise"),
        published=lambda _: "vgg16_bn-6c64b313.pth",
        adapt=_of("vgg", "adapt"),
        on_request=True,
        quick={**_QUICK, "width": 8, "epochs": 8},
    ),
)

NETWORKS: dict[str, NetworkKind] = {kind.name: kind for kind in _KINDS}
