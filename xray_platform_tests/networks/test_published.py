"""The networks that are known by their names are the published ones; their proposed forms take the same weights."""

from typing import Any

import pytest
import torch
from monai.networks.nets.densenet import densenet121
from torch import Tensor, nn

from xray_platform.networks.all import NETWORKS

# torchvision's figures, less two channels of the stem and 999 of 1,000 classes
PUBLISHED: dict[str, tuple[dict[str, Any], int]] = {
    "densenet": ({"growth": 32}, 7_978_856 - 2 * 64 * 49 - 999 * 1025),
    "efficientnet": ({"width": 1.0}, 5_288_548 - 2 * 32 * 9 - 999 * 1281),
    "vgg": ({"width": 64}, 138_365_992 - 2 * 64 * 9 - 999 * 4097),
}
SMALL: dict[str, dict[str, Any]] = {"densenet": {"growth": 8}, "efficientnet": {"width": 0.25}, "vgg": {"width": 8}}
STEMS = {"densenet": (64, 7), "efficientnet": (32, 3), "vgg": (64, 3)}  # channels, side of the kernel
NAMES = {
    "densenet": {
        "features.conv0.weight": "body.conv0.weight",
        "features.norm0.running_mean": "body.norm0.running_mean",
        "features.denseblock3.denselayer24.conv2.weight": "body.denseblock3.denselayer24.conv2.weight",
        "features.denseblock1.denselayer1.norm.1.bias": "body.denseblock1.denselayer1.norm1.bias",  # older files
        "features.transition2.conv.weight": "body.transition2.conv.weight",
        "features.norm5.bias": "body.norm5.bias",
        "classifier.weight": "classifier.weight",
    },
    "efficientnet": {
        "features.0.0.weight": "body.0.0.weight",
        "features.0.1.running_mean": "body.0.1.running_mean",
        "features.1.0.block.0.0.weight": "body.1.0.block.0.0.weight",
        "features.1.0.block.1.fc1.weight": "body.1.0.block.1.fc1.weight",
        "features.6.3.block.2.fc2.bias": "body.6.3.block.2.fc2.bias",
        "features.7.0.block.3.1.running_var": "body.7.0.block.3.1.running_var",
        "features.8.0.weight": "body.8.0.weight",
        "classifier.1.weight": "classifier.1.weight",
    },
    "vgg": {
        "features.0.weight": "body.0.weight",
        "features.0.bias": "body.0.bias",
        "features.1.running_var": "body.1.running_var",
        "features.40.weight": "body.40.weight",
        "features.41.running_mean": "body.41.running_mean",
    },
}
"""Names in published files, the kernel of the stem first, and those of the network."""

every = pytest.mark.parametrize("name", sorted(PUBLISHED))


def built(name: str, **settings: Any) -> Any:
    torch.manual_seed(3)
    kind = NETWORKS[name]
    network = kind.build(kind.settings.model_validate(settings), 1).eval()
    for called, value in network.named_buffers():
        if called.endswith("running_mean"):
            value.normal_(std=0.1)
    return network


@every
def test_the_standard_form_has_as_many_weights_as_the_published_network(name: str) -> None:
    settings, weights = PUBLISHED[name]
    assert sum(each.numel() for each in built(name, form="standard", **settings).parameters()) == weights


@every
def test_published_names_are_known(name: str) -> None:
    own = built(name, form="standard", **PUBLISHED[name][0]).state_dict()
    said = {published: torch.randn_like(own[ours].float()) for published, ours in NAMES[name].items()}
    stem, kernel = next(iter(NAMES[name].items()))
    channels, side = STEMS[name]
    said[stem] = torch.randn(channels, 3, side, side)
    adapt = NETWORKS[name].adapt
    assert adapt is not None
    found = adapt(said)
    assert {key: value.shape for key, value in found.items()} == {
        ours: own[ours].shape for ours in NAMES[name].values()
    }
    assert found[kernel].shape == (channels, 1, side, side)
    assert set(adapt(dict(own))) == set(own), "what it saved itself stays as it is"


@every
def test_the_proposed_form_takes_the_same_weights_and_has_finer_maps(name: str) -> None:
    standard, proposed = (built(name, form=form, **SMALL[name]) for form in ("standard", "proposed"))
    shapes = [
        {key: value.shape for key, value in network.state_dict().items() if not key.startswith("dense.")}
        for network in (standard, proposed)
    ]
    assert shapes[0] == shapes[1]
    images = torch.rand(1, 1, 64, 64)
    with torch.inference_mode():
        assert standard.features(images).shape[2:] == (2, 2)
        assert proposed.features(images).shape[2:] == (4, 4)


@every
@pytest.mark.parametrize("side", [32, 64, 112, 224])
def test_it_takes_any_side(name: str, side: int) -> None:
    with torch.inference_mode():
        assert built(name, **SMALL[name])(torch.rand(1, 1, side, side)).shape == (1,)


def test_the_dense_network_says_what_another_implementation_says() -> None:
    network = built("densenet", form="standard", growth=32)
    peer = densenet121(spatial_dims=2, in_channels=1, out_channels=1).eval()
    renamed: dict[str, Tensor] = {}
    for name, value in network.state_dict().items():
        called = name.replace("body.", "features.").replace("classifier.", "class_layers.out.")
        for layer in ("norm1", "conv1", "norm2", "conv2") if "denselayer" in name else ():
            called = called.replace(f".{layer}.", f".layers.{layer}.")
        renamed[called] = value
    peer.load_state_dict(renamed)
    images = torch.rand(2, 1, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(network(images), peer((images - 0.5) / 0.25)[:, 0], rtol=1e-3, atol=1e-4)


def test_the_plain_network_is_its_list_of_layers() -> None:
    network = built("vgg", form="standard", width=8)
    layers: list[nn.Module] = []
    channels = 1
    for each in (8, 8, 0, 16, 16, 0, 32, 32, 32, 0, 64, 64, 64, 0, 64, 64, 64, 0):  # 0: the sides are halved
        layers += [nn.Conv2d(channels, each, 3, padding=1), nn.BatchNorm2d(each), nn.ReLU()] if each else []
        layers += [] if each else [nn.MaxPool2d(2)]
        channels = each or channels
    peer = nn.Sequential(*layers).eval()
    peer.load_state_dict(network.body.state_dict())
    images = torch.rand(1, 1, 96, 96)
    with torch.inference_mode():
        torch.testing.assert_close(network.features(images), peer((images - 0.5) / 0.25))


def test_blocks_are_left_out_while_learning_alone() -> None:
    network = built("efficientnet", width=0.25, dropped_blocks=0.9, dropout=0.0)
    images = torch.rand(4, 1, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(network(images), network(images))
        network.train()
        assert not torch.allclose(network(images), network(images))
