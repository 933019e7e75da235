"""A network learns, is the same for the same seed, goes on after a kill, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from xray_platform.errors import DataError, InputError
from xray_platform.networks.attention_cnn import AttentionCnn
from xray_platform.networks.attention_cnn_settings import AttentionCnnSettings
from xray_platform.settings import Settings
from xray_platform.training.fit import fit_network
from xray_platform.training.trained_network import TrainedNetwork
from xray_platform.training.training_settings import TrainingSettings
from xray_platform_tests.other_values import other_value
from xray_platform_tests.training.pictures import SIDE, clouds, part

SMALL = AttentionCnnSettings(width=8, dropout=0.1)
QUICK = TrainingSettings(
    epochs=5, patience=5, batch_size=8, learning_rate=5e-3, threads=1, device="cpu", schedule="cosine", warmup=0.1,
    kept_epoch="best", ema_decay=0.0, stretch=0.1, shift=0.05, gamma=0.0, blur=0.0, sharpness=0.0,
)  # fmt: skip
TRAIN, VAL = part(96, seed=1), part(24, seed=2)


def fitted(folder: Path, training: TrainingSettings = QUICK, **more: object) -> TrainedNetwork:
    return fit_network("attention_cnn", SMALL, training, TRAIN, VAL, folder=folder, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedNetwork:
    return fitted(tmp_path_factory.mktemp("fit"))


def test_it_learns_to_tell_a_blob(trained: TrainedNetwork) -> None:
    images, labels = part(40, seed=3)
    scores = trained.score(images)
    assert np.median(scores[labels]) > np.median(scores[~labels]) + 1
    assert trained.history[trained.best_epoch]["val_auroc"] > 0.95


def test_the_pass_that_is_kept_has_the_best_auroc(trained: TrainedNetwork) -> None:
    assert len(trained.history) == QUICK.epochs
    assert trained.history[trained.best_epoch]["val_auroc"] == max(epoch["val_auroc"] for epoch in trained.history)


def test_the_same_seed_gives_the_same_network_and_another_seed_another(trained: TrainedNetwork, tmp_path: Path) -> None:
    torch.manual_seed(99)  # whatever chance was before does not matter, nor is it touched
    before = torch.get_rng_state()
    again = fitted(tmp_path / "again")
    assert torch.equal(torch.get_rng_state(), before)
    other = fitted(tmp_path / "other", QUICK.model_copy(update={"seed": 1}))
    assert np.array_equal(again.score(VAL[0]), trained.score(VAL[0]))
    assert not np.array_equal(other.score(VAL[0]), trained.score(VAL[0]))


KILLED = """
import os, signal, sys
from pathlib import Path
from xray_platform_tests.training.test_fit import fitted

def end(epoch, metrics):
    print(epoch, flush=True)
    if epoch == 2:
        os.kill(os.getpid(), signal.SIGKILL)

fitted(Path(sys.argv[1]), on_epoch=end)
"""


def test_after_a_kill_it_goes_on_and_ends_where_an_undisturbed_fit_ends(
    trained: TrainedNetwork, tmp_path: Path
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        cwd=Path(__file__).parents[2], check=False, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": "."},
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert killed.stdout.split() == ["0", "1", "2"]
    told: list[int] = []
    resumed = fitted(tmp_path, on_epoch=lambda epoch, _: told.append(epoch))
    assert told == [2, 3, 4]
    assert resumed.best_epoch == trained.best_epoch
    assert np.array_equal(resumed.score(VAL[0]), trained.score(VAL[0]))
    assert [epoch["val_loss"] for epoch in resumed.history] == [epoch["val_loss"] for epoch in trained.history]


class StoppedError(Exception):
    """Somebody stops the fit from outside."""


def test_what_another_fit_left_behind_is_not_taken_up(trained: TrainedNetwork, tmp_path: Path) -> None:
    def stop(epoch: int, _: dict[str, float]) -> None:
        if epoch == 1:
            raise StoppedError

    with pytest.raises(StoppedError):
        fitted(tmp_path, QUICK.model_copy(update={"seed": 5}), on_epoch=stop)
    told: list[int] = []
    again = fitted(tmp_path, on_epoch=lambda epoch, _: told.append(epoch))
    assert told == [0, 1, 2, 3, 4]
    assert np.array_equal(again.score(VAL[0]), trained.score(VAL[0]))


def test_it_stops_when_it_gets_no_better(tmp_path: Path) -> None:
    labels = np.random.default_rng(0).random(24) < 0.5  # nothing to learn
    training = QUICK.model_copy(update={"epochs": 30, "patience": 2, "learning_rate": 1e-6})
    stopped = fit_network("attention_cnn", SMALL, training, TRAIN, (VAL[0], labels), folder=tmp_path)
    assert len(stopped.history) == stopped.best_epoch + 1 + 2 < 30


ELSEWHERE = {
    "epochs",
    "patience",
    "kept_epoch",
    "target",
    "precision",
    "device",
    "devices",
    "nodes",
    "threads",
    "scoring_batch_size",
    "num_workers",
    "weights",
    "unfreeze_epochs",
    "dropout_passes",
    "heatmap",
    "clinical_columns",
    "clinical_dropout",
}  # heard by tests of their own, or the same result


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> TrainedNetwork:
    return shortly(tmp_path_factory.mktemp("fit"), TrainingSettings(**BRIEF))


BRIEF: dict[str, Any] = {"epochs": 1, "batch_size": 8, "threads": 1, "device": "cpu", "warmup": 0.25}
OTHER: dict[str, Any] = {"gradient_clip_norm": 1e-9, "ema_decay": 0.05}  # an average of a few steps warms up
OF_A_LOSS = {"focal_gamma": "focal", "miss_cost": "asymmetric"}  # heard with this loss only


def shortly(folder: Path, training: TrainingSettings) -> TrainedNetwork:
    """Train with three normal pictures for each abnormal one."""
    unequal = TRAIN[0][:32], np.arange(32) % 4 == 1
    return fit_network("attention_cnn", SMALL, training, unequal, VAL, folder=folder)


@pytest.mark.parametrize("name", sorted(set(TrainingSettings.model_fields) - ELSEWHERE))
def test_every_setting_changes_what_is_learnt(name: str, brief: TrainedNetwork, tmp_path: Path) -> None:
    other = OTHER.get(name, other_value(brief.training, name))
    base = {**BRIEF, "loss": OF_A_LOSS[name]} if name in OF_A_LOSS else BRIEF
    before = shortly(tmp_path, TrainingSettings(**base)) if name in OF_A_LOSS else brief
    changed = shortly(tmp_path, TrainingSettings(**{**base, name: other}))
    assert not np.array_equal(changed.score(VAL[0]), before.score(VAL[0]))


@pytest.mark.parametrize("name", ["optimizer", "schedule", "loss", "class_weights"])
def test_every_way_to_learn_learns(name: str, tmp_path: Path) -> None:
    """Each word of these settings tells the blob, SGD with the greater steps that it needs."""
    for word in get_args(TrainingSettings.model_fields[name].annotation):
        rate = {"sgd": 0.05, "rmsprop": 1e-3}.get(word, QUICK.learning_rate)
        ran = fitted(tmp_path / word, QUICK.model_copy(update={name: word, "learning_rate": rate}))
        assert max(epoch["val_auroc"] for epoch in ran.history) > 0.9, word


def test_the_last_weights_are_kept_where_asked(tmp_path: Path) -> None:
    ran = fitted(tmp_path, QUICK.model_copy(update={"kept_epoch": "last", "epochs": 3}))
    assert ran.best_epoch == len(ran.history) - 1 == 2
    auroc = roc_auc_score(VAL[1], ran.score(VAL[0]))
    assert auroc == pytest.approx(ran.history[-1]["val_auroc"])


def test_plateau_lowers_the_rate_when_nothing_gets_better(tmp_path: Path) -> None:
    labels = np.random.default_rng(0).random(24) < 0.5  # nothing to learn
    training = QUICK.model_copy(
        update={"epochs": 8, "patience": 20, "learning_rate": 1e-6, "schedule": "plateau", "warmup": 0.0}
    )
    ran = fit_network("attention_cnn", SMALL, training, TRAIN, (VAL[0], labels), folder=tmp_path)
    rates = [epoch["learning_rate"] for epoch in ran.history]
    assert rates[0] == pytest.approx(1e-6)
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 0.4e-6


def test_the_step_size_rises_while_it_warms_up_and_falls_then(tmp_path: Path) -> None:
    training = QUICK.model_copy(update={"epochs": 4, "warmup": 0.5})
    rates = [epoch["learning_rate"] for epoch in fitted(tmp_path / "warm", training).history]
    assert rates[0] < rates[1] == pytest.approx(QUICK.learning_rate, rel=0.05)
    assert rates[1] > rates[2] > rates[3]
    cold = fitted(tmp_path / "cold", training.model_copy(update={"warmup": 0.0})).history
    assert cold[0]["learning_rate"] > cold[1]["learning_rate"]


def test_balanced_classes_weigh_the_same_however_many_pictures_each_has(tmp_path: Path) -> None:
    """Where pictures say nothing, the best guess is 1/2 in balanced classes, else the share of the abnormal."""
    truth = np.arange(96) % 4 == 0

    def guess(weights: str) -> float:
        training = QUICK.model_copy(update={"class_weights": weights, "epochs": 3, "label_smoothing": 0.0})
        grey = np.full_like(TRAIN[0], 0.3)
        fit = fit_network("attention_cnn", SMALL, training, (grey, truth), (grey[:24], truth[:24]), folder=tmp_path)
        return float(1 / (1 + np.exp(-fit.score(grey[:1])[0])))

    assert guess("balanced") == pytest.approx(0.5, abs=0.1)
    assert guess("none") == pytest.approx(0.25, abs=0.1)


def test_a_running_average_can_be_judged_in_place_of_the_last_step(trained: TrainedNetwork, tmp_path: Path) -> None:
    ema = fitted(tmp_path, QUICK.model_copy(update={"ema_decay": 0.8}))
    assert ema.history[-1]["val_auroc"] > 0.9
    assert not np.allclose(ema.score(VAL[0]), trained.score(VAL[0]))


def test_bfloat16_learns_too_and_judges_in_float32(tmp_path: Path) -> None:
    half = fitted(tmp_path, QUICK.model_copy(update={"precision": "bfloat16"}))
    assert half.history[-1]["val_auroc"] > 0.9
    assert {weights.dtype for weights in half.module.parameters()} == {torch.float32}


def test_it_is_quiet_leaves_nothing_behind_and_says_how_far_it_is(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("somebody else's")
    steps: list[tuple[int, int]] = []
    fitted(mine, progress=lambda done, total, _: steps.append((done, total)))
    assert capfd.readouterr() == ("", "")
    assert [str(warning.message) for warning in recwarn] == []
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["notes.txt"]
    assert steps == [(done, 60) for done in range(1, 61)]


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"network": "vgg16"}, InputError, "no network is named 'vgg16'; there are attention_cnn"),
        ({"settings": Settings()}, InputError, "takes AttentionCnnSettings, not Settings"),
        ({"train": (TRAIN[0], np.ones(96, bool))}, DataError, "training part has 0 normal and 96 abnormal"),
        ({"val": (VAL[0], np.zeros(24, bool))}, DataError, "validation part has 24 normal and 0 abnormal"),
        ({"val": (VAL[0], VAL[1][:3])}, InputError, "24 validation pictures but labels of shape"),
        ({"val": (clouds(24, 0, side=48), VAL[1])}, InputError, f"{SIDE} px and validation pictures of 48 px"),
        ({"train": (TRAIN[0][:, :16, :16], TRAIN[1])}, InputError, "16 px; at least 32 px"),
        ({"train": (TRAIN[0][:0], TRAIN[1][:0])}, DataError, "training part has 0 normal and 0 abnormal"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused_before_anything_is_written(
    tmp_path: Path, change: dict[str, object], error: type[Exception], text: str
) -> None:
    call = {"network": "attention_cnn", "settings": SMALL, "training": QUICK, "train": TRAIN, "val": VAL, **change}
    with pytest.raises(error, match=text):
        fit_network(**call, folder=tmp_path)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_fit_that_runs_away_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        AttentionCnn, "head", lambda self, features: self.classifier(features.mean(dim=(2, 3)))[:, 0] / 0
    )
    with pytest.raises(DataError, match="no longer gives numbers; a lower learning_rate may help"):
        fitted(tmp_path, QUICK)
