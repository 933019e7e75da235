"""`num_workers` says how many threads read images ahead, in learning, scoring and heat maps alike; nothing changes."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xray_platform.defs import read_parts
from xray_platform.defs.score_cohort import explain_images, score_images
from xray_platform.image_stack import Heatmaps, Images, Indices, Scores
from xray_platform.networks.attention_cnn_settings import AttentionCnnSettings
from xray_platform.progress import silent
from xray_platform.training.fit import fit_network
from xray_platform.training.read_ahead import THREAD_NAMES
from xray_platform.training.trained_network import TrainedNetwork
from xray_platform.training.training_settings import TrainingSettings
from xray_platform_tests.training.pictures import part

TRAINING = TrainingSettings(epochs=2, batch_size=8, scoring_batch_size=8, threads=1, device="cpu")
IMAGES, LABELS = part(48, 1)


@dataclass(eq=False)
class Watched:
    """Images that know on which threads they were read."""

    images: Images
    readers: set[str] = field(default_factory=set)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.images.shape

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: Indices, /) -> Images:
        self.readers.add(threading.current_thread().name)
        return self.images[index]

    def digest(self) -> str:
        return "watched"

    @property
    def ahead(self) -> bool:
        return any(name.startswith(THREAD_NAMES) for name in self.readers)


def learnt(images: Watched, workers: int, folder: Path) -> TrainedNetwork:
    training = TRAINING.model_copy(update={"num_workers": workers})
    val = part(16, 2)
    return fit_network("attention_cnn", AttentionCnnSettings(width=8), training, (images, LABELS), val, folder=folder)


def test_learning(tmp_path: Path) -> None:
    found = {}
    for workers in (0, 1, 3):
        images = Watched(IMAGES)
        found[workers] = learnt(images, workers, tmp_path / str(workers)).score(IMAGES)
        assert images.ahead == (workers > 0)
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[3])


def scores(model: TrainedNetwork, images: Watched) -> Scores:
    return score_images(model, images, silent)


def maps(model: TrainedNetwork, images: Watched) -> Heatmaps:
    return explain_images(model, images)[1]


@pytest.mark.parametrize("work", [scores, maps])
def test_scoring_and_heat_maps(
    work: Callable[[TrainedNetwork, Watched], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_parts, "AT_ONCE", 16)
    model = learnt(Watched(IMAGES), 1, tmp_path)
    found = {}
    for workers in (0, 1, 3):
        images = Watched(IMAGES)
        told = replace(model, training=model.training.model_copy(update={"num_workers": workers}))
        found[workers] = work(told, images)
        assert images.ahead == (workers > 0)
        assert len(found[workers]) == len(IMAGES)
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[3])
