"""Every network of the table keeps the contract."""

import pytest
import torch

from xray_platform.networks.all import NETWORKS
from xray_platform.networks.contract import NetworkKind

every_kind = pytest.mark.parametrize("kind", NETWORKS.values(), ids=NETWORKS)


@every_kind
def test_its_two_halves_make_the_whole(kind: NetworkKind) -> None:
    network = kind.build(kind.settings(), 1).eval()
    images = torch.rand(2, 1, kind.smallest_side, kind.smallest_side)
    with torch.inference_mode():
        maps = network.features(images)  # type: ignore[operator]
        assert maps.ndim == 4
        torch.testing.assert_close(network.head(maps), network(images))  # type: ignore[operator]


@every_kind
def test_its_groups_hold_each_weight_once_and_the_last_classifies(kind: NetworkKind) -> None:
    network = kind.build(kind.settings(), 3)
    groups = [list(group.parameters()) for group in network.parameter_groups()]  # type: ignore[operator]
    held = [id(weights) for group in groups for weights in group]
    assert sorted(held) == sorted(id(weights) for weights in network.parameters())
    assert groups[-1][-1].shape[0] == 3
    assert len(groups) > 1


@every_kind
def test_it_is_named_described_and_counted(kind: NetworkKind) -> None:
    assert NETWORKS[kind.name] is kind
    assert kind.description
    assert kind.parameters(kind.settings()) > 0
