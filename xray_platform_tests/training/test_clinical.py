"""A network learns from columns what no picture shows, does without them, and is kept, resumed and mapped as before."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from sklearn.metrics import roc_auc_score

from xray_platform.clinical_columns import (
    ClinicalFacts,
    ClinicalImages,
    columns_in,
    encode,
    pictures_of,
    without_values,
)
from xray_platform.errors import InputError
from xray_platform.image_stack import Images, Labels
from xray_platform.models.embedding import embed
from xray_platform.networks.clinical import ClinicalNetwork
from xray_platform.training.clinical_dropout import hidden_by_chance
from xray_platform.training.fit import fit_network
from xray_platform.training.trained_network import TrainedNetwork
from xray_platform.training.training_settings import TrainingSettings
from xray_platform_tests.training.pictures import clouds, part
from xray_platform_tests.training.test_fit import QUICK, SMALL, StoppedError

COLUMNS = columns_in("age, view")
CLASSES = ("normal", "left", "right")
TOLD = QUICK.model_copy(update={"clinical_columns": "age, view", "epochs": 8, "patience": 8})
Told = tuple[ClinicalImages, Labels]


def beside(images: Images, labels: Labels, seed: int, right: float = 0.9) -> Told:
    """Return pictures whose view says, nine times in ten, what they are: AP of the abnormal ones."""
    rng = np.random.default_rng(seed)
    views = np.where(labels == (rng.random(len(labels)) < right), "AP", "PA")
    facts = [ClinicalFacts(age, view=view) for age, view in zip(rng.uniform(20, 80, len(labels)), views, strict=True)]
    return ClinicalImages(images, np.stack([encode(one, COLUMNS) for one in facts])), labels


def blank(count: int, seed: int) -> Told:
    """Return pictures that show nothing, with a view that tells."""
    return beside(clouds(count, seed), np.arange(count) % 2 == 1, seed)


def fitted(folder: Path, training: TrainingSettings = TOLD, **more: Any) -> TrainedNetwork:
    return fit_network("attention_cnn", SMALL, training, blank(96, 1), blank(48, 2), folder=folder, **more)


def auroc(network: TrainedNetwork, images: Images, labels: Labels) -> float:
    return float(roc_auc_score(labels, network.score(images)))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedNetwork:
    return fitted(tmp_path_factory.mktemp("fit"))


TEST, TRUTH = blank(200, 3)


def test_it_learns_from_the_view_what_no_picture_shows(trained: TrainedNetwork, tmp_path: Path) -> None:
    assert auroc(trained, TEST[:], TRUTH) > 0.85
    (images, labels), (val, truth) = blank(96, 1), blank(48, 2)
    blind = fit_network(
        "attention_cnn", SMALL, QUICK, (pictures_of(images[:]), labels), (pictures_of(val[:]), truth), folder=tmp_path
    )
    assert auroc(blind, pictures_of(TEST[:]), TRUTH) < 0.65


def test_with_its_columns_hidden_it_still_judges_by_the_picture_alone(trained: TrainedNetwork) -> None:
    hidden = without_values(TEST[:], COLUMNS)
    assert np.isfinite(trained.score(hidden)).all()
    assert auroc(trained, hidden, TRUTH) < 0.65, "pictures that show nothing tell nothing"


def test_where_pictures_tell_it_does_without_columns_that_tell_more(tmp_path: Path) -> None:
    """Hidden often enough, columns do not keep a network from learning to see."""
    train, val = (beside(*part(count, seed), seed, right=1.0) for count, seed in ((96, 1), (24, 2)))
    network = fit_network("attention_cnn", SMALL, TOLD, train, val, folder=tmp_path)
    images, labels = part(60, seed=3)
    assert auroc(network, without_values(images, COLUMNS), labels) > 0.9


def test_a_column_that_is_missing_of_one_picture_is_no_matter_to_the_others(trained: TrainedNetwork) -> None:
    images = TEST[:8].copy()
    before = trained.score(images)
    images[3, 1] = 0
    after = trained.score(images)
    assert np.allclose(np.delete(after, 3), np.delete(before, 3), atol=1e-6)
    assert after[3] != before[3]


def test_pictures_without_columns_are_refused_with_what_is_wanted(trained: TrainedNetwork) -> None:
    with pytest.raises(InputError, match="pictures with age, view beside them"):
        trained.score(clouds(2, 0))


def test_columns_of_a_network_that_takes_none_are_refused_before_anything_is_learnt(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a stack of squares"):
        fitted(tmp_path, QUICK)
    train, val = part(96, 1), part(24, 2)
    with pytest.raises(InputError, match="pictures with age, view beside them"):
        fit_network("attention_cnn", SMALL, TOLD, train, val, folder=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("said", ["view, age", ["view", "age"], "age,view"])
def test_settings_bring_columns_into_one_order(said: object) -> None:
    assert TrainingSettings(clinical_columns=said).clinical_columns == "age, view"


@pytest.mark.parametrize("said", ["weight", ["age", 3], "age, age", 5])
def test_settings_refuse_what_is_no_column(said: object) -> None:
    with pytest.raises(ValidationError):
        TrainingSettings(clinical_columns=said)


def test_it_is_read_back_and_scores_by_its_graph_as_torch_does(trained: TrainedNetwork, tmp_path: Path) -> None:
    trained.save(tmp_path)
    again = TrainedNetwork.load(tmp_path)
    assert again.clinical_columns == ("age", "view")
    assert np.array_equal(again.score(TEST[:]), trained.score(TEST[:]))
    with torch.inference_mode():
        eager = again.module(torch.from_numpy(TEST[:])).numpy()
    assert np.allclose(again.score(TEST[:]), eager, atol=1e-4)
    assert any("is told age, view beside the picture" in line for line in again.describe())


def test_what_it_sees_and_its_maps_are_of_the_picture_alone(trained: TrainedNetwork) -> None:
    told, hidden = TEST[:4], without_values(TEST[:4], COLUMNS)
    for way in ("grad_cam", "occlusion", "attention"):
        one = replace(trained, training=trained.training.model_copy(update={"heatmap": way}))
        assert np.array_equal(one.heatmap(told), one.heatmap(hidden)), way
        assert np.array_equal(one.heatmap(told), one.heatmap(clouds(200, 3)[:4])), way
        assert one.heatmap(told).shape == (4, 32, 32)
    assert np.array_equal(embed(trained, told), embed(trained, clouds(200, 3)[:4]))
    assert np.isfinite(trained.with_random_weights(2).heatmap(told)).all()


def test_test_time_views_move_the_picture_and_leave_its_columns(trained: TrainedNetwork) -> None:
    views = replace(trained, training=trained.training.model_copy(update={"test_time_views": 5}))
    assert auroc(views, TEST[:], TRUTH) > 0.85
    assert not np.array_equal(views.score(TEST[:8]), trained.score(TEST[:8]))


def test_members_and_dropout_are_asked_with_the_columns(tmp_path: Path) -> None:
    two = fitted(tmp_path / "fit", TOLD.model_copy(update={"members": 2, "epochs": 4}))
    said = two.sampled_scores(TEST[:])
    assert np.allclose(said["members"].mean(axis=0), two.score(TEST[:]), atol=1e-4)
    assert roc_auc_score(TRUTH, said["dropout"].mean(axis=0)) > 0.75
    two.save(tmp_path / "two")
    assert np.array_equal(TrainedNetwork.load(tmp_path / "two").score(TEST[:4]), two.score(TEST[:4]))


@pytest.mark.parametrize("target", ["label", "findings"])
def test_several_classes_are_told_apart_by_a_column_too(target: str, tmp_path: Path) -> None:
    def three(count: int, seed: int) -> Told:
        kind = np.arange(count) % 3
        facts = [ClinicalFacts(40.0, view=("PA", "AP", "LL")[one]) for one in kind]
        values = np.stack([encode(one, COLUMNS) for one in facts])
        return ClinicalImages(clouds(count, seed), values), kind[:, None] == np.arange(3)

    training = TOLD.model_copy(update={"target": target, "clinical_dropout": 0.1})
    network = fit_network(
        "attention_cnn", SMALL, training, three(96, 1), three(48, 2), folder=tmp_path, classes=CLASSES
    )
    images, present = three(60, 3)
    named = network.class_logits(images[:]).argmax(axis=1)
    assert (named == present.argmax(axis=1)).mean() > 0.9
    assert network.class_heatmap(images[:2], "left").shape == (2, 32, 32)


def test_after_it_was_stopped_it_goes_on_to_the_same_end(trained: TrainedNetwork, tmp_path: Path) -> None:
    def stop(epoch: int, _: dict[str, float]) -> None:
        if epoch == 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        fitted(tmp_path, on_epoch=stop)
    told: list[int] = []
    resumed = fitted(tmp_path, on_epoch=lambda epoch, _: told.append(epoch))
    assert told[0] > 0
    assert np.array_equal(resumed.score(TEST[:8]), trained.score(TEST[:8]))


def test_a_checkpoint_of_other_values_of_the_same_pictures_is_not_taken_up(tmp_path: Path) -> None:
    def stop(epoch: int, _: dict[str, float]) -> None:
        if epoch == 2:
            raise StoppedError

    with pytest.raises(StoppedError):
        fitted(tmp_path, on_epoch=stop)
    images, labels = blank(96, 1)
    told: list[int] = []
    others = ClinicalImages(images.source, images.values * 0), labels
    fit_network(
        "attention_cnn", SMALL, TOLD, others, blank(48, 2), folder=tmp_path,
        on_epoch=lambda epoch, _: told.append(epoch),
    )  # fmt: skip
    assert told[0] == 0


def test_the_share_that_is_hidden_is_heard(trained: TrainedNetwork, tmp_path: Path) -> None:
    other = fitted(tmp_path, TOLD.model_copy(update={"clinical_dropout": 0.05}))
    assert not np.array_equal(other.score(TEST[:8]), trained.score(TEST[:8]))


def test_columns_are_hidden_whole_and_as_often_as_is_said() -> None:
    planes = torch.zeros(4000, 1, 8, 8)
    planes[:, 0, 0, :5] = 1.0
    hidden = hidden_by_chance(planes, COLUMNS, 0.2, torch.Generator().manual_seed(0))
    age, view = hidden[:, 0, 0, :2], hidden[:, 0, 0, 2:5]
    for column in (age, view):
        assert torch.equal(column.amin(dim=1), column.amax(dim=1)), "a column is hidden whole or not at all"
        assert float((column[:, 0] == 0).float().mean()) == pytest.approx(1 - 0.8 * 0.8, abs=0.03)
    neither = ((age[:, 0] == 0) & (view[:, 0] == 0)).float().mean()
    assert float(neither) == pytest.approx(0.2 + 0.8 * 0.2 * 0.2, abs=0.03)
    assert torch.equal(planes[:, 0, 0, :5], torch.ones(4000, 5)), "what was given stays as it was"


def test_it_begins_with_the_weights_of_a_network_without_columns_or_with_the_same(
    trained: TrainedNetwork, tmp_path: Path
) -> None:
    plain = fit_network("attention_cnn", SMALL, QUICK, part(96, 1), part(24, 2), folder=tmp_path / "plain")
    for name, start in (("plain", plain), ("told", trained)):
        start.save(tmp_path / name)
        file = tmp_path / name / "weights.safetensors"
        weights = f"{file}#sha256={sha256(file.read_bytes()).hexdigest()}"
        still = {"weights": weights, "epochs": 1, "learning_rate": 1e-9, "ema_decay": 0.0, "frozen_groups": 5}
        network = fitted(tmp_path / f"from {name}", TOLD.model_copy(update=still))
        assert isinstance(network.module, ClinicalNetwork)
        if name == "told":
            assert np.allclose(network.score(TEST[:8]), trained.score(TEST[:8]), atol=1e-3)
        else:
            pictures = clouds(8, 5)
            told = network.score(without_values(pictures, COLUMNS))
            assert np.allclose(told, plain.score(pictures), atol=1e-3)
