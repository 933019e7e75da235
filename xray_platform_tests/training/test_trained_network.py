"""A trained network scores, shows where it looked, and comes back from its folder as it was."""

import json
from pathlib import Path

import numpy as np
import pytest

from xray_platform.errors import StoreError
from xray_platform.networks.attention_cnn_settings import AttentionCnnSettings
from xray_platform.training.fit import fit_network
from xray_platform.training.trained_network import CARD, WEIGHTS, TrainedNetwork
from xray_platform.training.training_settings import TrainingSettings
from xray_platform_tests.training.pictures import SIDE, part


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedNetwork:
    training = TrainingSettings(epochs=5, batch_size=8, learning_rate=5e-3, threads=1, device="cpu")
    settings = AttentionCnnSettings(width=8)
    folder = tmp_path_factory.mktemp("fit")
    return fit_network("attention_cnn", settings, training, part(96, 1), part(24, 2), folder=folder)


def test_heat_maps_are_never_negative_and_glow_more_where_it_is_abnormal(trained: TrainedNetwork) -> None:
    images, labels = part(40, 6)
    maps = trained.heatmap(images)
    assert maps.shape == images.shape
    assert maps.dtype == np.float32
    assert float(maps.min()) >= 0
    assert maps[labels].mean() > 2 * maps[~labels].mean()


def test_it_says_what_it_is(trained: TrainedNetwork) -> None:
    text = "\n".join(trained.describe())
    assert f"{SIDE} x {SIDE} px" in text
    assert f"kept is epoch {trained.best_epoch + 1}" in text


@pytest.mark.parametrize(
    ("file", "content", "text"),
    [
        (CARD, b"{", "missing or damaged"),
        (CARD, b'{"form": 7}', "form 7; this version reads 4, 5, 6"),
        (WEIGHTS, b"rubbish", "cannot be read"),
        (WEIGHTS, None, "cannot be read"),
        (CARD, None, "missing or damaged"),
    ],
)
def test_a_damaged_folder_is_named(
    trained: TrainedNetwork, tmp_path: Path, file: str, content: bytes | None, text: str
) -> None:
    trained.save(tmp_path)
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(StoreError, match=text):
        TrainedNetwork.load(tmp_path)


def test_weights_of_another_width_are_refused(trained: TrainedNetwork, tmp_path: Path) -> None:
    trained.save(tmp_path)
    card = json.loads((tmp_path / CARD).read_text())
    card["settings"]["width"] = 16
    (tmp_path / CARD).write_text(json.dumps(card))
    with pytest.raises(StoreError, match="cannot be read"):
        TrainedNetwork.load(tmp_path)
