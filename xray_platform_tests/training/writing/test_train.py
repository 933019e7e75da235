"""Training the text detector: it learns in a few steps, and the exported graph says the same as torch."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from xray_platform.dicom.burned_in import network
from xray_platform.errors import InputError
from xray_platform.networks.text_detector import CHANNELS, STRIDE, TextDetector
from xray_platform.training.writing.backgrounds import bare_backgrounds
from xray_platform.training.writing.dataset import TEXT_IN_DOUBT, Background, Material
from xray_platform.training.writing.export import export
from xray_platform.training.writing.fonts import FontSet
from xray_platform.training.writing.train import (
    WritingTrainingSettings,
    fit_text_detector,
    looked_through,
    make_writings,
)
from xray_platform_tests.dicom.burned_in.drawing import chest

SETTINGS = WritingTrainingSettings(
    width=8, deeper=8, writings=20, batch_size=4, steps=24, first_round=0.5, last_round=1, workers=0, threads=1
)


@pytest.fixture(scope="module")
def trained(fonts: FontSet) -> tuple[TextDetector, list[str]]:
    said: list[str] = []
    ground = Background(np.full((320, 320), 60, np.uint8))
    material = Material([[ground]], [1.0], make_writings(fonts, SETTINGS), fonts)
    return fit_text_detector(material, SETTINGS, lambda _done, _all, what: said.append(what)), said


def test_the_loss_falls_and_the_pictures_are_looked_through_once(trained: tuple[TextDetector, list[str]]) -> None:
    losses = [float(what.split()[-1]) for what in trained[1] if "loss" in what]
    assert len(losses) == SETTINGS.steps
    assert losses[-1] < losses[0]
    assert sum("looking through" in what for what in trained[1]) == 1


class _SeesWritingInWhite(torch.nn.Module):
    """Stands for a detector that takes whatever is white for writing."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        white = 40 * (torch.nn.functional.max_pool2d(pictures, STRIDE) - 0.5)
        return torch.cat([white, torch.full_like(white, -9).expand(-1, len(CHANNELS) - 1, -1, -1)], 1)


def test_what_seems_to_be_writing_is_a_mistake_where_there_is_none_and_in_doubt_elsewhere(fonts: FontSet) -> None:
    grey = np.full((320, 320), 60, np.uint8)
    grey[200:220, 40:60] = 255
    found = looked_through(
        Material([[Background(grey)], [Background(grey, bare=True)]], [0.5, 0.5], [], fonts), _SeesWritingInWhite(), 0.9
    )
    (unknown,), (bare,) = found.sets
    assert unknown.doubtful is not None
    assert bare.doubtful is not None
    assert unknown.doubtful[210, 50] == TEXT_IN_DOUBT
    assert not unknown.mistakes
    assert not bare.doubtful.any()
    assert len(bare.mistakes) == 1
    assert np.abs(np.subtract(bare.mistakes[0], (210, 50))).max() <= 4


def test_a_folder_of_pictures_without_writing(tmp_path: Path) -> None:
    (tmp_path / "wards").mkdir()
    (tmp_path / "notes.txt").write_text("seen by two people")
    with pytest.raises(InputError, match="holds no pictures"):
        bare_backgrounds(tmp_path, 10, 0)
    cv2.imwrite(str(tmp_path / "wards" / "one.png"), chest(300, 300))
    (read,) = bare_backgrounds(tmp_path, 10, 0)
    assert read.bare
    assert read.grey.shape == (300, 300)


def test_the_exported_graph_says_what_torch_says(
    trained: tuple[TextDetector, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = trained[0]
    monkeypatch.setattr(network, "MODEL", export(detector, tmp_path / "text_detector.xml"))
    network._request.cache_clear()
    tile = np.random.default_rng(0).integers(0, 256, (256, 320), dtype=np.uint8)
    with torch.inference_mode():
        expected = torch.sigmoid(detector(torch.from_numpy(tile)[None, None].float() / 255))[0].numpy()
    found = network._request().infer({0: tile[None, None]})[0][0]
    network._request.cache_clear()
    assert np.abs(found - expected).max() < 0.02


def test_room_and_network_agree_about_channels_and_cells() -> None:
    assert (network.CHANNELS, network.STRIDE) == (CHANNELS, STRIDE)
