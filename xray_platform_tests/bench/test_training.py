"""The benchmark of training: the plain loop that we are held against learns, and what is told is what was timed."""

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from xray_platform.bench import training
from xray_platform.bench.contract import Inputs
from xray_platform.bench.plain_loop import PngFolder, plain_epochs
from xray_platform.bench.training import TRAINING
from xray_platform.networks.all import NETWORKS
from xray_platform.progress import silent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Dark and bright pictures, 40 of each."""
    rng = np.random.default_rng(0)
    for number in range(80):
        level = 60 + 100 * (number % 2)
        cv2.imwrite(str(tmp_path / f"{number % 2}-{number}.png"), level + rng.integers(0, 20, (70, 50), np.uint8))
    return tmp_path


def test_the_plain_loop_reads_what_is_in_the_folder_and_learns(folder: Path) -> None:
    pictures = PngFolder(folder, 64)
    image, label = pictures[0]
    assert (len(pictures), tuple(image.shape), float(label)) == (80, (1, 64, 64), 0.0)
    assert 60 / 255 <= float(image.min()) <= float(image.max()) <= 80 / 255
    torch.manual_seed(0)
    kind = NETWORKS["attention_cnn"]
    first, *_, last = islice(plain_epochs(kind.build(kind.settings.model_validate({"width": 8}), 1), folder, 64, 16), 4)
    assert last < 0.7 * first


def test_rates_and_ratios_belong_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"ORIGINAL": 256, "SIDE": 64, "DRAWN": 2, "IMAGES": 48, "VALIDATION": 16, "EPOCHS": 2, "ROUNDS": 1}
    for name, value in {**small, "NAMES": ("attention_cnn",)}.items():
        monkeypatch.setattr(training, name, value)
    figures = TRAINING.measure(silent, Inputs(tmp_path))
    for side in (256, 64):
        for unit in ("per_s", "per_s_of_processor"):
            ours = float(figures[f"attention_cnn: learning, ours, pictures_{unit}"])
            plain = float(figures[f"attention_cnn: learning, plain, PNG of {side} px, pictures_{unit}"])
            ratio = f"attention_cnn: learning, ours against plain, PNG of {side} px, {unit}, ratio"
            assert figures[ratio] == pytest.approx(ours / plain)
    seconds = [value for name, value in figures.items() if name.startswith("attention_cnn: epoch on")]
    assert figures["attention_cnn: epoch while a core is taken against free, ratio"] == pytest.approx(
        float(seconds[1]) / float(seconds[0])
    )
    assert float(figures["attention_cnn: scoring, OpenVINO against eager torch, ratio"]) > 0
