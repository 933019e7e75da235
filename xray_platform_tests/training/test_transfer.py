"""A network begins with the weights of another, and its groups of layers learn at rates of their own or not at all."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file, save_file

from xray_platform.errors import InputError
from xray_platform.networks.attention_cnn import AttentionCnn
from xray_platform.networks.attention_cnn_settings import AttentionCnnSettings
from xray_platform.training.fit import fit_network
from xray_platform.training.parameter_groups import groups_of, optimizer_groups
from xray_platform.training.trained_network import WEIGHTS, TrainedNetwork
from xray_platform.training.training_settings import TrainingSettings
from xray_platform_tests.training.pictures import part

COUNTERS = "num_batches_tracked"  # which nothing reads
SMALL = AttentionCnnSettings(width=8)
TRAIN, VAL = part(48, seed=1), part(16, seed=2)


def training(**settings: object) -> TrainingSettings:
    base = {"epochs": 1, "batch_size": 8, "threads": 1, "device": "cpu", "ema_decay": 0.0, "schedule": "cosine"}
    return TrainingSettings.model_validate({**base, **settings})


def named(file: Path) -> str:
    return f"{file}#sha256={hashlib.sha256(file.read_bytes()).hexdigest()}"


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights of a network that was trained before."""
    folder = tmp_path_factory.mktemp("taught")
    fit_network("attention_cnn", SMALL, training(epochs=10, learning_rate=5e-3), TRAIN, VAL, folder=folder).save(folder)
    return folder / WEIGHTS


def fitted(folder: Path, **settings: object) -> TrainedNetwork:
    return fit_network("attention_cnn", SMALL, training(**settings), TRAIN, VAL, folder=folder)


def same(module: torch.nn.Module, group: int, weights: dict[str, torch.Tensor]) -> bool:
    """Whether all that a group holds, norms' statistics too, is as in `weights`."""
    network = AttentionCnn(SMALL)
    network.load_state_dict(weights)
    ours, theirs = (groups_of(each)[group].state_dict() for each in (module, network))
    return all(torch.equal(ours[name], theirs[name]) for name in ours if not name.endswith(COUNTERS))


def test_what_is_frozen_stays_as_it_came_to_the_last_statistic(taught: Path, tmp_path: Path) -> None:
    ran = fitted(tmp_path, weights=named(taught), frozen_groups=3)
    assert [same(ran.module, group, load_file(taught)) for group in range(6)] == [True] * 3 + [False] * 3


def test_groups_thaw_one_by_one_from_the_output_on(taught: Path, tmp_path: Path) -> None:
    ran = fitted(tmp_path, weights=named(taught), frozen_groups=4, unfreeze_epochs=1, epochs=3, kept_epoch="last")
    assert [same(ran.module, group, load_file(taught)) for group in range(6)] == [True] * 2 + [False] * 4


def test_with_a_moving_average_what_is_frozen_stays_too(taught: Path, tmp_path: Path) -> None:
    ran = fitted(tmp_path, weights=named(taught), frozen_groups=5, ema_decay=0.9)
    assert same(ran.module, 0, load_file(taught))
    assert not same(ran.module, 5, load_file(taught))


def test_what_was_learnt_before_is_a_head_start(taught: Path, tmp_path: Path) -> None:
    few = TRAIN[0][:16], TRAIN[1][:16]
    brief = training(learning_rate=1e-4)
    began = training(learning_rate=1e-4, weights=named(taught))
    fresh, ahead = (
        fit_network("attention_cnn", SMALL, each, few, VAL, folder=tmp_path / str(place))
        for place, each in enumerate((brief, began))
    )
    assert ahead.history[0]["val_loss"] < fresh.history[0]["val_loss"] - 0.05


def test_a_network_for_other_classes_takes_all_but_the_classifier(taught: Path, tmp_path: Path) -> None:
    several = training(weights=named(taught), target="label", frozen_groups=5)
    labels = [np.stack([~abnormal, abnormal, np.zeros_like(abnormal)], axis=1) for _, abnormal in (TRAIN, VAL)]
    parts = (TRAIN[0], labels[0]), (VAL[0], labels[1])
    ran = fit_network("attention_cnn", SMALL, several, *parts, folder=tmp_path, classes=("normal", "a", "b"))
    kept = {name: value for name, value in load_file(taught).items() if not name.startswith("classifier")}
    assert all(torch.equal(value, ran.module.state_dict()[name]) for name, value in kept.items())


def test_the_same_weights_and_seed_give_the_same_network_and_other_weights_another(
    taught: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.safetensors"
    save_file({name: value * 1.5 for name, value in load_file(taught).items() if value.is_floating_point()} | {
        name: value for name, value in load_file(taught).items() if not value.is_floating_point()
    }, other)  # fmt: skip
    scores = [fitted(tmp_path / str(place), weights=named(file)).score(VAL[0]) for place, file in enumerate(
        (taught, taught, other)
    )]  # fmt: skip
    assert np.array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2])


def test_a_trained_network_is_read_without_the_weights_that_it_began_with(taught: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copied.safetensors"
    copied.write_bytes(taught.read_bytes())
    ran = fitted(tmp_path / "fit", weights=named(copied))
    ran.save(tmp_path / "saved")
    copied.unlink()
    read = TrainedNetwork.load(tmp_path / "saved")
    assert np.array_equal(read.score(VAL[0]), ran.score(VAL[0]))
    assert any(hashlib.sha256(taught.read_bytes()).hexdigest() in line for line in read.describe())


def test_further_from_the_output_learns_slower() -> None:
    network = AttentionCnn(SMALL)
    groups = list(optimizer_groups(network, 0.01, 0.05, 0.5))
    assert [group["lr"] for group in groups[::2]] == pytest.approx([0.01 * 0.5**left for left in (5, 4, 3, 2, 1, 0)])
    assert {group["weight_decay"] for group in groups[1::2]} == {0.0}
    held = [id(weights) for group in groups for weights in group["params"]]
    assert sorted(held) == sorted(id(weights) for weights in network.parameters()), "each once"


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda file: file.unlink(), "cannot be read: No such file"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1] + b"x"), "has the SHA-256 "),
    ],
    ids=["gone", "changed"],
)
def test_a_file_that_is_not_what_it_should_be(taught: Path, tmp_path: Path, damage, reason) -> None:  # type: ignore[no-untyped-def]
    copied = tmp_path / "copied.safetensors"
    copied.write_bytes(taught.read_bytes())
    weights = named(copied)
    damage(copied)
    with pytest.raises(InputError, match=reason):
        fitted(tmp_path / "fit", weights=weights)


def test_files_of_something_else_are_told(taught: Path, tmp_path: Path) -> None:
    text, wide = tmp_path / "a.safetensors", tmp_path / "wide.safetensors"
    text.write_text("no weights")
    weights = AttentionCnn(AttentionCnnSettings(width=16)).state_dict()
    save_file({name: value.contiguous() for name, value in weights.items()}, wide)
    with pytest.raises(InputError, match="is no safetensors file"):
        fitted(tmp_path / "fit", weights=named(text))
    with pytest.raises(InputError, match=r"weights of another network: .* among them stages"):
        fitted(tmp_path / "fit", weights=named(wide))
    with pytest.raises(ValidationError, match="weights"):
        training(weights=str(taught))
    with pytest.raises(InputError, match="has 6 groups of layers; at most 5"):
        fitted(tmp_path / "fit", frozen_groups=6)
