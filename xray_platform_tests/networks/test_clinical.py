"""Every network of the table can be told columns beside the picture, and knows what it is not told."""

import numpy as np
import pytest
import torch

from xray_platform.networks.all import NETWORKS
from xray_platform.networks.clinical import ClinicalNetwork, adapted, told_columns
from xray_platform.networks.contract import NetworkKind
from xray_platform.training.scoring_form import ScoringForm, scoring_graph

every_kind = pytest.mark.parametrize("kind", NETWORKS.values(), ids=NETWORKS)
COLUMNS = ("age", "sex", "view")
ROUNDING = 1e-4


def small(kind: NetworkKind) -> torch.nn.Module:
    quick = {name: value for name, value in kind.quick.items() if name in kind.settings.model_fields}
    return kind.build(kind.settings(**quick), 3)


def learnt(kind: NetworkKind) -> ClinicalNetwork:
    """A network whose columns matter: their last weights are no longer 0."""
    torch.manual_seed(0)
    network = told_columns(small(kind), COLUMNS, kind.smallest_side).eval()
    assert isinstance(network, ClinicalNetwork)
    torch.nn.init.normal_(network.modulation.weight, std=0.5)
    return network


def told(kind: NetworkKind, count: int = 3) -> torch.Tensor:
    images = torch.rand(count, 2, kind.smallest_side, kind.smallest_side)
    images[:, 1, 0, :8] = torch.eye(8)[:count]
    return images


@every_kind
def test_a_picture_of_which_nothing_is_known_is_judged_by_itself_exactly(kind: NetworkKind) -> None:
    network, images = learnt(kind), told(kind)
    unknown = images.clone()
    unknown[:, 1] = 0
    with torch.inference_mode():
        alone = network.picture.head(network.picture.features(images[:, :1]))
        assert torch.equal(network(unknown), alone)
        assert torch.equal(network(images[:, :1]), alone)
        assert not torch.allclose(network(images), alone)


@every_kind
def test_building_it_leaves_the_pictures_network_as_it_was_built(kind: NetworkKind) -> None:
    torch.manual_seed(0)
    alone = small(kind)
    torch.manual_seed(0)
    within = told_columns(small(kind), COLUMNS, kind.smallest_side)
    assert isinstance(within, ClinicalNetwork)
    assert within.training
    state = within.picture.state_dict()  # type: ignore[attr-defined]
    assert all(torch.equal(state[name], value) for name, value in alone.state_dict().items())
    assert told_columns(alone, (), kind.smallest_side) is alone


@every_kind
def test_its_groups_hold_each_weight_once(kind: NetworkKind) -> None:
    network = learnt(kind)
    held = [id(weights) for group in network.parameter_groups() for weights in group.parameters()]
    assert sorted(held) == sorted(id(weights) for weights in network.parameters())


@every_kind
def test_its_graph_says_what_torch_says(kind: NetworkKind) -> None:
    network, images = learnt(kind), told(kind)
    with torch.no_grad():
        logits, _ = ScoringForm(network)(images)
    said, _ = scoring_graph(network, kind.smallest_side, planes=2)(images.numpy())
    np.testing.assert_allclose(said, logits.numpy(), atol=ROUNDING * max(1.0, float(logits.abs().max())))


def test_weights_of_a_network_with_other_columns_or_none_are_taken_over_as_far_as_they_go() -> None:
    kind = NETWORKS["attention_cnn"]
    network, fewer = learnt(kind), told_columns(small(kind), ("age",), kind.smallest_side)
    own, plain = network.state_dict(), small(kind)
    assert adapted(network, None)(own).keys() == own.keys()
    assert adapted(plain, None)(own).keys() == plain.state_dict().keys()
    assert adapted(fewer, None)(own).keys() == own.keys() - {"hidden.weight", "modulation.weight"}
    assert adapted(network, None)(plain.state_dict()).keys() == own.keys() - {"hidden.weight", "modulation.weight"}
    assert adapted(plain, None)(plain.state_dict()).keys() == plain.state_dict().keys()
