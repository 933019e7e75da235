"""Test-time augmentation: the mean over moved copies, the same for an image whoever is beside it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from xray_platform.networks.all import NETWORKS
from xray_platform.training.fit import fit_network
from xray_platform.training.test_time import averaged, moved
from xray_platform.training.test_time_views import MOST_VIEWS, MOVES
from xray_platform.training.trained_network import TrainedNetwork
from xray_platform.training.training_settings import TrainingSettings
from xray_platform_tests.training.pictures import part

IMAGES = torch.rand(3, 1, 64, 64, generator=torch.Generator().manual_seed(1))


def test_the_first_view_is_the_image_itself() -> None:
    torch.testing.assert_close(moved(IMAGES, *MOVES[0]), IMAGES)


@pytest.mark.parametrize(("down", "right"), [(4, 0), (0, -4), (4, 4)])
def test_an_image_is_moved_as_it_says(down: int, right: int) -> None:
    seen = moved(IMAGES, 1.0, down / 64, right / 64)
    inside = slice(8, 56)
    rolled = torch.roll(IMAGES, (down, right), (2, 3))
    torch.testing.assert_close(seen[..., inside, inside], rolled[..., inside, inside], rtol=1e-3, atol=1e-3)


def test_one_view_is_what_the_network_says_and_more_are_their_mean() -> None:
    def network(images: torch.Tensor) -> torch.Tensor:
        return images[:, 0, :32].mean(dim=(1, 2))

    assert torch.equal(averaged(network, IMAGES, 1), network(IMAGES))
    each = torch.stack([network(moved(IMAGES, *move)) for move in MOVES])
    torch.testing.assert_close(averaged(network, IMAGES, MOST_VIEWS), each.mean(dim=0))


def test_a_network_scores_by_as_many_views_as_it_was_told(tmp_path: Path) -> None:
    kind, train, val = NETWORKS["attention_cnn"], part(16, seed=1), part(8, seed=2)
    training = TrainingSettings(epochs=1, batch_size=8, threads=1, device="cpu")
    plain = fit_network(kind.name, kind.settings.model_validate({"width": 8}), training, train, val, folder=tmp_path)
    several = TrainedNetwork(
        plain.name, plain.settings, training.model_copy(update={"test_time_views": 5}), plain.side, plain.module,
        plain.history, plain.best_epoch,
    )  # fmt: skip
    images = val[0]
    assert not np.allclose(several.score(images), plain.score(images), atol=1e-6)
    np.testing.assert_allclose(several.score(images[:1]), several.score(images)[:1], rtol=1e-4, atol=1e-5)
    several.save(tmp_path / "kept")
    np.testing.assert_allclose(TrainedNetwork.load(tmp_path / "kept").score(images), several.score(images), rtol=1e-6)
