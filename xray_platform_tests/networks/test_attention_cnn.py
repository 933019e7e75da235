"""The attention CNN has the size, the shapes and the calm that training and heat maps count on."""

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from xray_platform.networks.attention import ChannelAttention, SpatialAttention
from xray_platform.networks.attention_cnn import AttentionCnn
from xray_platform.networks.attention_cnn_settings import AttentionCnnSettings

SMALL = AttentionCnnSettings(width=8)


def radiographs(count: int, side: int) -> torch.Tensor:
    return torch.rand(count, 1, side, side, generator=torch.Generator().manual_seed(7))


def test_it_has_about_half_a_million_parameters() -> None:
    network = AttentionCnn(AttentionCnnSettings())
    assert 450_000 < sum(weights.numel() for weights in network.parameters()) < 550_000


@pytest.mark.parametrize("side", [32, 33, 112, 128, 160])
def test_it_takes_any_side_also_one_that_does_not_halve_evenly(side: int) -> None:
    network = AttentionCnn(SMALL).eval()
    maps = network.features(radiographs(2, side))
    assert maps.shape == (2, 32, -(-side // 16), -(-side // 16))
    assert network(radiographs(2, side)).shape == (2,)


@pytest.mark.parametrize("attention", ["cbam", "se", "none"])
def test_every_weight_learns(attention: str) -> None:
    torch.manual_seed(0)
    network = AttentionCnn(AttentionCnnSettings(width=8, blocks=2, attention=attention))
    network(radiographs(4, 64)).square().sum().backward()
    idle = [name for name, weights in network.named_parameters() if weights.grad is None or not weights.grad.any()]
    assert idle == []


def test_a_picture_is_judged_alike_alone_and_in_company() -> None:
    network = AttentionCnn(SMALL).eval()
    images = radiographs(5, 64)
    with torch.inference_mode():
        alone = torch.cat([network(image[None]) for image in images])
        torch.testing.assert_close(alone, network(images))


@pytest.mark.parametrize("attention", [ChannelAttention(16, 4), SpatialAttention(7)])
def test_attention_only_ever_weakens(attention: nn.Module) -> None:
    maps = torch.randn(2, 16, 9, 9, generator=torch.Generator().manual_seed(1))
    weighed = attention(maps)
    assert weighed.shape == maps.shape
    assert (weighed.abs() < maps.abs()).all()
    assert (weighed.sign() == maps.sign()).all()


@pytest.mark.parametrize("wrong", [{"width": 12}, {"blocks": 0}, {"attention": "self"}, {"dropout": 1.0}])
def test_settings_outside_their_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AttentionCnnSettings(**wrong)
