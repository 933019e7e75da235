"""A network of several classes: it learns them, scores what is not normal, maps each class, and is kept whole."""

from pathlib import Path

import numpy as np
import pytest

from xray_platform.errors import InputError
from xray_platform.image_stack import Images, Labels
from xray_platform.networks.attention_cnn_settings import AttentionCnnSettings
from xray_platform.tables.findings import ManyClasses
from xray_platform.training.abnormal_score import abnormal_score
from xray_platform.training.fit import fit_network
from xray_platform.training.trained_network import TrainedNetwork
from xray_platform.training.training_settings import TrainingSettings
from xray_platform_tests.training.pictures import BLOB, clouds

CLASSES = ("normal", "left", "right")
LEFT, RIGHT = (BLOB[0], slice(3, 10)), BLOB
SMALL = AttentionCnnSettings(width=8, dropout=0.1)
QUICK = TrainingSettings(epochs=6, patience=6, batch_size=8, learning_rate=5e-3, threads=1, device="cpu")


def part(count: int, seed: int, target: ManyClasses) -> tuple[Images, Labels]:
    """Clouds with a blob on the left, on the right, or none; with `findings` some have both."""
    images, present = clouds(count, seed), np.zeros((count, 3), dtype=bool)
    kind = np.arange(count) % (4 if target == "findings" else 3)
    present[:, 1], present[:, 2] = np.isin(kind, [1, 3]), np.isin(kind, [2, 3])
    present[:, 0] = ~present[:, 1:].any(axis=1)
    images[present[:, 1], *LEFT] += 0.35
    images[present[:, 2], *RIGHT] += 0.35
    return images, present


@pytest.fixture(scope="module", params=["label", "findings"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TrainedNetwork:
    training = QUICK.model_copy(update={"target": request.param})
    train, val = part(120, 1, request.param), part(36, 2, request.param)
    folder = tmp_path_factory.mktemp("fit")
    return fit_network("attention_cnn", SMALL, training, train, val, folder=folder, classes=CLASSES)


def test_it_learns_to_tell_the_sides(trained: TrainedNetwork) -> None:
    target: ManyClasses = "label" if trained.training.target == "label" else "findings"
    images, present = part(48, 3, target)
    logits = trained.class_logits(images)
    for place in range(3):
        having, lacking = logits[present[:, place], place], logits[~present[:, place], place]
        assert np.median(having) > np.median(lacking)
    assert trained.history[trained.best_epoch]["val_macro_auroc"] > 0.8


def test_its_score_is_the_logit_of_not_being_normal(trained: TrainedNetwork) -> None:
    target: ManyClasses = "label" if trained.training.target == "label" else "findings"
    images, _ = part(8, 4, target)
    assert np.allclose(trained.score(images), abnormal_score(trained.class_logits(images), target))


def test_it_is_read_back_with_its_classes(trained: TrainedNetwork, tmp_path: Path) -> None:
    images = clouds(4, 5)
    trained.save(tmp_path)
    again = TrainedNetwork.load(tmp_path)
    assert again.classes == CLASSES
    assert np.array_equal(again.class_logits(images), trained.class_logits(images))


def test_each_class_has_a_map_of_its_own(trained: TrainedNetwork) -> None:
    images, _ = part(8, 6, "label")
    left, right = trained.class_heatmap(images, "left"), trained.class_heatmap(images, "right")
    assert left.shape == right.shape == trained.heatmap(images).shape == images.shape
    assert not np.array_equal(left, right)
    with pytest.raises(InputError, match="knows no class 'top'; it knows normal, left, right"):
        trained.class_heatmap(images, "top")


def test_classes_without_such_a_target_are_refused(tmp_path: Path) -> None:
    train = part(12, 1, "label")
    with pytest.raises(InputError, match="the target abnormal and 3 classes do not belong together"):
        fit_network("attention_cnn", SMALL, QUICK, train, train, folder=tmp_path, classes=CLASSES)
