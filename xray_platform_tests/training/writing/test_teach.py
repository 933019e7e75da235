"""Teaching the text detector: it learns in a few steps, the graph that is shipped says the same as torch."""

from pathlib import Path

import numpy as np
import pytest
import torch

from xray_platform.dicom.burned_in import network
from xray_platform.networks.text_detector import CHANNELS, STRIDE, TextDetector
from xray_platform.training.writing.export import export
from xray_platform.training.writing.fonts import FontSet
from xray_platform.training.writing.lessons import Background, Material
from xray_platform.training.writing.teach import WritingTraining, learn, make_writings

SETTINGS = WritingTraining(
    width=8, deeper=8, writings=20, batch=4, steps=24, first_round=0.5, last_round=1, workers=0, threads=1
)


@pytest.fixture(scope="module")
def taught(fonts: FontSet) -> tuple[TextDetector, list[str]]:
    said: list[str] = []
    ground = Background(np.full((320, 320), 60, np.uint8))
    material = Material([[ground]], [1.0], make_writings(fonts, SETTINGS), fonts)
    return learn(material, SETTINGS, lambda _done, _all, what: said.append(what)), said


def test_the_loss_falls_and_the_pictures_are_looked_through_once(taught: tuple[TextDetector, list[str]]) -> None:
    losses = [float(what.split()[-1]) for what in taught[1] if "loss" in what]
    assert len(losses) == SETTINGS.steps
    assert losses[-1] < losses[0]
    assert sum("looking through" in what for what in taught[1]) == 1


def test_the_shipped_graph_says_what_torch_says(
    taught: tuple[TextDetector, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = taught[0]
    monkeypatch.setattr(network, "MODEL", export(detector, tmp_path / "text_detector.xml"))
    network._request.cache_clear()
    tile = np.random.default_rng(0).integers(0, 256, (network.TILE, network.TILE), dtype=np.uint8)
    with torch.inference_mode():
        expected = torch.sigmoid(detector(torch.from_numpy(tile)[None, None].float() / 255))[0].numpy()
    found = network._request().infer({0: tile[None, None]})[0][0]
    network._request.cache_clear()
    assert np.abs(found - expected).max() < 0.02


def test_room_and_network_agree_about_channels_and_cells() -> None:
    assert (network.CHANNELS, network.STRIDE) == (CHANNELS, STRIDE)
