"""What a network might have said: by features left out and by members of other seeds; the same each time."""

from pathlib import Path

import numpy as np
import pytest
import torch

from xray_platform.networks.all import NETWORKS
from xray_platform.networks.attention_cnn_settings import AttentionCnnSettings
from xray_platform.networks.members import NetworkMembers
from xray_platform.training.fit import fit_network
from xray_platform.training.sampled_logits import dropout_logits
from xray_platform.training.trained_network import TrainedNetwork
from xray_platform.training.training_settings import TrainingSettings
from xray_platform_tests.training.pictures import part

SMALL = AttentionCnnSettings(width=8, dropout=0.5)
QUICK = TrainingSettings(
    epochs=2, batch_size=8, learning_rate=5e-3, threads=1, device="cpu", members=2, dropout_passes=30
)
TRAIN, VAL = part(48, seed=1), part(16, seed=2)


def fitted(folder: Path, training: TrainingSettings = QUICK, **more: object) -> TrainedNetwork:
    return fit_network("attention_cnn", SMALL, training, TRAIN, VAL, folder=folder, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedNetwork:
    return fitted(tmp_path_factory.mktemp("fit"))


def test_members_are_the_networks_of_the_seeds_and_their_mean_is_the_score(
    trained: TrainedNetwork, tmp_path: Path
) -> None:
    said = trained.sampled_scores(VAL[0])["members"]
    assert said.shape == (2, len(VAL[0]))
    np.testing.assert_allclose(said.mean(axis=0), trained.score(VAL[0]), atol=1e-5)
    for seed, of_member in enumerate(said):
        alone = fitted(tmp_path / str(seed), QUICK.model_copy(update={"members": 1, "seed": seed}))
        np.testing.assert_allclose(alone.score(VAL[0]), of_member, atol=1e-5)
    assert "seeds 0 to 1" in "\n".join(trained.describe())


def test_it_comes_back_from_its_folder_and_one_map_explains_all_members(
    trained: TrainedNetwork, tmp_path: Path
) -> None:
    trained.save(tmp_path)
    again = TrainedNetwork.load(tmp_path)
    assert np.array_equal(again.score(VAL[0]), trained.score(VAL[0]))
    assert isinstance(trained.module, NetworkMembers)
    assert again.heatmap(VAL[0]).shape == VAL[0].shape
    assert len(trained.module.parameter_groups()) == len(trained.module.each()[0].parameter_groups())


class StoppedError(Exception):
    """Somebody stops the fit from outside."""


def test_after_a_stop_a_finished_member_is_not_trained_again(trained: TrainedNetwork, tmp_path: Path) -> None:
    def stop(_: int, metrics: dict[str, float]) -> None:
        if "member_2_val_auroc" in metrics:
            raise StoppedError

    with pytest.raises(StoppedError):
        fitted(tmp_path, on_epoch=stop)
    told: list[str] = []
    resumed = fitted(tmp_path, on_epoch=lambda _, metrics: told.extend(metrics))
    assert told
    assert all(name.startswith("member_2_") for name in told)
    assert np.array_equal(resumed.score(VAL[0]), trained.score(VAL[0]))
    assert [epoch["val_loss"] for epoch in resumed.history] == [epoch["val_loss"] for epoch in trained.history]


def test_passes_go_apart_around_the_score_and_no_image_depends_on_another(trained: TrainedNetwork) -> None:
    said = trained.sampled_scores(VAL[0])["dropout"]
    assert said.shape == (30, len(VAL[0]))
    assert said.std(axis=0).min() > 0
    np.testing.assert_allclose(said.mean(axis=0), trained.score(VAL[0]), atol=4 * said.std() / np.sqrt(30))
    assert np.array_equal(trained.sampled_scores(VAL[0])["dropout"], said), "other passes the second time"
    np.testing.assert_allclose(trained.sampled_scores(VAL[0][3:4])["dropout"][:, 0], said[:, 3], atol=1e-5)
    assert np.array_equal(trained.score(VAL[0]), trained.score(VAL[0]))


def test_without_dropout_members_or_passes_nothing_is_asked(tmp_path: Path) -> None:
    one = QUICK.model_copy(update={"members": 1, "epochs": 1})
    plain = fit_network("attention_cnn", SMALL.model_copy(update={"dropout": 0.0}), one, TRAIN, VAL, folder=tmp_path)
    assert plain.sampled_scores(VAL[0]) == {}
    no_passes = fitted(tmp_path, one.model_copy(update={"dropout_passes": 0}))
    assert no_passes.sampled_scores(VAL[0]) == {}
    assert list(fitted(tmp_path, one).sampled_scores(VAL[0])) == ["dropout"]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_of_the_table_leaves_out_behind_its_last_maps(name: str) -> None:
    """A pass reads maps that are made once: dropout before them would not be heard."""
    kind = NETWORKS[name]
    known = {field: value for field, value in kind.quick.items() if field in kind.settings.model_fields}
    settings = kind.settings.model_validate({**known, "dropout": 0.5})
    torch.manual_seed(0)
    network = kind.build(settings, 1).eval()
    if kind.initialise is not None:
        kind.initialise(network, settings)
    images = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        features = network.features(images)  # type: ignore[operator]
        for module in network.modules():
            module.train(isinstance(module, torch.nn.Dropout))
        torch.testing.assert_close(network.features(images), features)  # type: ignore[operator]
        network.eval()
        said = dropout_logits(network, images, 8, lambda logits: logits)
    assert said.shape == (8, 2)
    assert said.std(dim=0).min() > 0
