"""Every way to explain a network: where the evidence is, of the size of the pictures, and none where there is none."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from xray_platform.errors import InputError
from xray_platform.evaluation.map_statistics import likeness
from xray_platform.networks.attention_cnn_settings import AttentionCnnSettings
from xray_platform.training.explain.all import EXPLANATIONS
from xray_platform.training.explain.gradcam import gradcam
from xray_platform.training.explain.gradcam_plus_plus import gradcam_plus_plus
from xray_platform.training.explain.occlusion import occlusion
from xray_platform.training.fit import fit_network
from xray_platform.training.trained_network import TrainedNetwork
from xray_platform.training.training_settings import TrainingSettings
from xray_platform_tests.training.pictures import BLOB, part

TRAIN, VAL = part(96, 1), part(24, 2)
CHANGED = {"scale": 0.2, "stretch": 0.35, "gamma": 0.5, "contrast": 0.3, "sharpness": 0.5, "blur": 0.25, "noise": 0.05}
QUICK = TrainingSettings.model_validate(
    {"epochs": 5, "batch_size": 8, "learning_rate": 5e-3, "threads": 1, "device": "cpu", **CHANGED}
)
"""Pictures are changed a lot, so that the network looks at the blob, and not at what a cover does to the rest."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedNetwork:
    folder = tmp_path_factory.mktemp("fit")
    return fit_network("attention_cnn", AttentionCnnSettings(width=8), QUICK, TRAIN, VAL, folder=folder)


def explained(trained: TrainedNetwork, how: str) -> TrainedNetwork:
    training = trained.training.model_copy(update={"heatmap": how})
    return TrainedNetwork(
        trained.name, trained.settings, training, trained.side, trained.module, trained.history, trained.best_epoch
    )


class Bright(nn.Module):
    """A network whose logit is the sum of a picture, which the maps can be told from by hand."""

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return images

    def head(self, features: torch.Tensor) -> torch.Tensor:
        return features.sum(dim=(1, 2, 3))


def test_the_words_of_the_setting_are_those_of_the_table() -> None:
    words = TrainingSettings.model_fields["heatmap"].annotation.__args__  # type: ignore[union-attr]
    assert set(words) == set(EXPLANATIONS)


def test_a_cover_costs_the_logit_what_lies_under_it() -> None:
    images = torch.zeros(1, 1, 32, 32)
    images[..., 20:24, 8:12] = 1.0
    map_ = occlusion(Bright(), images)[0]
    peak = np.unravel_index(int(map_.argmax()), map_.shape)
    assert 19 <= peak[0] <= 24
    assert 7 <= peak[1] <= 12
    assert float(map_.max()) == pytest.approx(
        (16 + 8 + 8 + 4) / 4 - 16 * 16 / 1024
    )  # four covers, each of the mean grey
    assert float(map_[:8].max()) == 0


def test_grad_cam_plus_plus_is_that_of_the_published_formula() -> None:
    features = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(1))

    class Linear(Bright):
        def head(self, features: torch.Tensor) -> torch.Tensor:
            return (features.mean(dim=(2, 3)) * torch.tensor([1.0, -2.0, 0.5])).sum(dim=1)

        def features(self, _images: torch.Tensor) -> torch.Tensor:
            return features

    made = gradcam_plus_plus(Linear(), torch.zeros(2, 1, 4, 4)).numpy()
    slope = np.array([1.0, -2.0, 0.5]) / 16
    for number in range(2):
        maps = features[number].numpy().astype(float)
        weights = []
        for channel, s in enumerate(slope):
            alpha = s**2 / (2 * s**2 + maps[channel].sum() * s**3)
            weights.append(16 * alpha * max(s, 0.0) * 16)  # the same at each of 16 places; times the places
        expected = np.maximum(sum(w * m for w, m in zip(weights, maps, strict=True)), 0)
        np.testing.assert_allclose(made[number], expected, rtol=1e-5)


@pytest.mark.parametrize("how", ["grad_cam", "grad_cam_plus_plus", "occlusion"])
def test_maps_glow_more_where_it_is_abnormal_and_lie_on_the_blob(trained: TrainedNetwork, how: str) -> None:
    images, labels = part(16, 6)
    maps = explained(trained, how).heatmap(images)
    assert maps.shape == images.shape
    assert maps.dtype == np.float32
    assert float(maps.min()) >= 0
    assert maps[labels].mean() > 1.5 * maps[~labels].mean()
    rows, columns = BLOB
    inside = maps[labels][:, rows.start - 4 : rows.stop + 4, columns.start - 4 : columns.stop + 4].mean()
    assert inside > 1.3 * maps[labels].mean(), "the last maps have two cells a side"


def test_attention_is_the_networks_own_and_refused_where_there_is_none(trained: TrainedNetwork, tmp_path: Path) -> None:
    own = explained(trained, "attention")
    maps = own.heatmap(VAL[0])
    assert maps.shape == VAL[0].shape
    assert 0 <= float(maps.min()) < float(maps.max()) <= 1
    assert "how the network itself weighs the places" in "\n".join(own.describe())
    chosen = QUICK.model_copy(update={"heatmap": "attention"})
    without = AttentionCnnSettings(width=8, attention="se")
    with pytest.raises(InputError, match="has no attention over places; choose another heatmap"):
        fit_network("attention_cnn", without, chosen, TRAIN, VAL, folder=tmp_path)


def test_with_random_weights_little_is_left_and_the_network_itself_is_untouched(trained: TrainedNetwork) -> None:
    before, images = trained.score(VAL[0]), VAL[0][VAL[1]]
    maps = trained.heatmap(images)
    assert likeness(maps, trained.with_random_weights(0).heatmap(images)) == pytest.approx(1)
    every = trained.with_random_weights(trained.weight_groups)
    assert likeness(maps, every.heatmap(images)) < 0.7
    assert np.array_equal(every.score(VAL[0]), trained.with_random_weights(trained.weight_groups).score(VAL[0]))
    assert np.array_equal(trained.score(VAL[0]), before)
    assert not np.array_equal(every.score(VAL[0]), before)


def test_grad_cam_of_a_sum_is_the_picture() -> None:
    images = torch.rand(1, 1, 8, 8)
    torch.testing.assert_close(gradcam(Bright(), images)[0] / 64, images[0, 0])
