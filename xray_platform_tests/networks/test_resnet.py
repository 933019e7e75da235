"""The residual network is the published one; its proposed form takes the same weights."""

import copy
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.networks.nets.resnet import resnet18, resnet34, resnet50
from safetensors.torch import save_file
from torch.nn import functional

from xray_platform.networks.published import RGB_DEVIATION, RGB_MEAN
from xray_platform.networks.resnet import ResNet, adapt
from xray_platform.networks.resnet_settings import ResNetSettings
from xray_platform.training.fit import fit_network
from xray_platform.training.training_settings import TrainingSettings
from xray_platform_tests.training.pictures import part

# torchvision's figures, less two channels of the stem and 999 of 1,000 classes
PUBLISHED = {"18": 11_170_753, "34": 21_278_913, "50": 23_503_809}
PEERS: dict[str, Any] = {"18": resnet18, "34": resnet34, "50": resnet50}


def built(**settings: Any) -> ResNet:
    torch.manual_seed(3)
    network = ResNet(ResNetSettings.model_validate(settings)).eval()
    for name, value in network.named_buffers():
        if name.endswith("running_mean"):
            value.normal_(std=0.1)
    return network


@pytest.mark.parametrize("depth", sorted(PUBLISHED))
def test_the_standard_form_is_the_published_network(depth: str) -> None:
    network = built(depth=depth, form="standard", width=64)
    peer = PEERS[depth](spatial_dims=2, n_input_channels=1, num_classes=1, conv1_t_size=7, conv1_t_stride=2,
                        shortcut_type="B").eval()  # fmt: skip
    biases = {name: torch.zeros_like(value) for name, value in peer.state_dict().items() if "downsample.0.bias" in name}
    peer.load_state_dict({**network.state_dict(), **biases})  # the peer's shortcuts have one; the published have none
    images = torch.rand(2, 1, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(network(images), peer((images - 0.5) / 0.25)[:, 0], rtol=1e-3, atol=1e-4)
    assert sum(weights.numel() for weights in network.parameters()) == PUBLISHED[depth]


def test_both_forms_have_the_same_weights_and_the_proposed_one_has_finer_maps() -> None:
    standard, proposed = built(form="standard", width=8), built(form="proposed", width=8)
    assert {name: value.shape for name, value in standard.state_dict().items()} == {
        name: value.shape for name, value in proposed.state_dict().items()
    }
    images = torch.rand(1, 1, 96, 96)
    assert standard.features(images).shape[2:] == (3, 3)
    assert proposed.features(images).shape[2:] == (6, 6)


def test_a_shift_by_a_pixel_changes_the_proposed_form_less() -> None:
    def change(form: str) -> float:
        network = built(form=form, width=16)
        images = torch.from_numpy(part(16, seed=1)[0])[:, None].repeat(1, 1, 2, 2)
        with torch.inference_mode():
            maps = [network.features(functional.pad(images, (by, 0, 0, 0))[..., :64]).mean(dim=(2, 3)) for by in (0, 1)]
        return float((maps[0] - maps[1]).norm() / maps[0].norm())

    assert change("proposed") < change("standard")


def test_weights_for_colours_say_of_grey_what_they_said() -> None:
    """What published weights give for a grey picture in three equal colours, away from its edge."""
    network = built(form="standard", width=64)
    colours = {**copy.deepcopy(network.state_dict()), "conv1.weight": torch.randn(64, 3, 7, 7) * 0.1}
    network.load_state_dict(adapt(colours))
    grey = torch.rand(1, 1, 64, 64)
    mean, deviation = (torch.tensor(values)[None, :, None, None] for values in (RGB_MEAN, RGB_DEVIATION))
    with torch.inference_mode():
        ours = network.bn1(network.conv1((grey - 0.5) / 0.25))
        raw = functional.conv2d((grey - mean) / deviation, colours["conv1.weight"], stride=2, padding=3)
        theirs = functional.batch_norm(raw, colours["bn1.running_mean"], colours["bn1.running_var"])
    torch.testing.assert_close(ours[..., 2:-2, 2:-2], theirs[..., 2:-2, 2:-2], rtol=1e-3, atol=1e-3)


def test_a_fit_begins_with_a_published_file_for_colours_and_a_thousand_classes(tmp_path: Path) -> None:
    published = {name: value.contiguous() for name, value in built(width=8).state_dict().items()}
    published |= {"conv1.weight": torch.randn(8, 3, 7, 7)}
    published |= {"fc.weight": torch.randn(1000, 64), "fc.bias": torch.zeros(1000)}
    file = tmp_path / "published.safetensors"
    save_file(published, file)
    weights = f"{file}#sha256={hashlib.sha256(file.read_bytes()).hexdigest()}"
    training = TrainingSettings(weights=weights, frozen_groups=5, epochs=1, batch_size=8, threads=1, device="cpu")
    train, val = part(16, seed=1), part(8, seed=2)
    ran = fit_network("resnet", ResNetSettings(width=8), training, train, val, folder=tmp_path / "fit")
    kept = ran.module.state_dict()
    assert torch.equal(kept["layer4.1.conv2.weight"], published["layer4.1.conv2.weight"])
    torch.testing.assert_close(kept["conv1.weight"], adapt(published)["conv1.weight"])
    assert np.isfinite(ran.score(val[0])).all()
