"""Processes that learn together: as well as one alone, told once, and none is left when one of them fails."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch.utils.data import Sampler

from xray_platform.errors import InputError, MachineError
from xray_platform.image_stack import Images, Indices
from xray_platform.ports import free_port
from xray_platform.training.batches import SeededBatches, validation_batches
from xray_platform.training.fit import fit_network
from xray_platform.training.trained_network import TrainedNetwork
from xray_platform.training.world import World
from xray_platform_tests.training.pictures import part
from xray_platform_tests.training.test_fit import QUICK, SMALL, TRAIN, VAL, StoppedError, fitted

TWO = QUICK.model_copy(update={"devices": 2})
MACHINES = QUICK.model_copy(update={"nodes": 2, "epochs": 2, "frozen_groups": 2, "members": 2, "ema_decay": 0.8})
AUROC_APART, LOSS_APART = 0.02, 0.15  # what batch norms of halves and other draws of the changes may do


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> TrainedNetwork:
    return fitted(tmp_path_factory.mktemp("alone"))


def test_two_processes_learn_what_one_learns_also_after_they_were_stopped(
    alone: TrainedNetwork, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Only the first tells and writes; it does as many steps as one process alone."""
    epochs: list[dict[str, float]] = []
    steps: list[tuple[int, int]] = []

    def told(epoch: int, metrics: dict[str, float]) -> None:
        epochs.append(metrics)
        if epoch == 1 and len(epochs) == 2:
            raise StoppedError

    with pytest.raises(StoppedError):
        fitted(tmp_path, TWO, on_epoch=told)
    together = fitted(tmp_path, TWO, on_epoch=told, progress=lambda done, total, _: steps.append((done, total)))
    assert [epochs[0], *epochs[2:]] == list(together.history)
    assert steps == [(done, 60) for done in range(13, 61)]
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.rglob("*")) == []
    kept, other = together.history[-1], alone.history[-1]
    assert kept["val_auroc"] == pytest.approx(other["val_auroc"], abs=AUROC_APART)
    assert kept["val_loss"] == pytest.approx(other["val_loss"], abs=LOSS_APART)
    images, labels = part(40, seed=3)
    scores = together.score(images)
    assert np.median(scores[labels]) > np.median(scores[~labels]) + 1


def test_together_they_see_what_one_would_see_and_each_picture_once() -> None:
    def epoch(world: World, batches: Callable[[World], Sampler[list[int]]]) -> list[list[int]]:
        return list(batches(world))

    def shuffled(world: World) -> Sampler[list[int]]:
        return SeededBatches(50, 8, 3, world=world)

    whole = epoch(World(), shuffled)
    halves = [epoch(World(rank=rank, size=2), shuffled) for rank in range(2)]
    assert [sorted(a + b) for a, b in zip(*halves, strict=True)] == [sorted(batch) for batch in whole]
    assert min(len(batch) for half in halves for batch in half) >= 2
    judged = [validation_batches(*VAL, 5, world=World(rank=rank, size=3)).sampler for rank in range(3)]
    assert sorted(number for share in judged for batch in share for number in batch) == list(range(len(VAL[1])))


class FailsElsewhere:
    """Pictures that can be read in the process that made them alone."""

    def __init__(self, images: Images) -> None:
        self.images, self.process, self.shape = images, os.getpid(), images.shape

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: Indices, /) -> Images:
        if os.getpid() != self.process:
            raise OSError("the disk is gone")
        return self.images[index]


def test_one_that_fails_ends_all_with_a_clear_line(tmp_path: Path) -> None:
    broken = FailsElsewhere(TRAIN[0]), TRAIN[1]
    with pytest.raises(MachineError, match="1 of 2 processes that learnt together failed: OSError: the disk is gone"):
        fit_network("attention_cnn", SMALL, TWO, broken, VAL, folder=tmp_path)
    assert not subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "-f", "spawn_main"], capture_output=True, check=False, text=True
    ).stdout.split()


LAUNCHED = """
import sys
from pathlib import Path
from xray_platform_tests.training.test_world import MACHINES, VAL, fitted

learnt = fitted(Path(sys.argv[1]), MACHINES)
print(repr(learnt.score(VAL[0]).round(4).tolist()), learnt.history[-1]["val_auroc"])
"""


def test_two_machines_that_a_launcher_started_learn_one_network(tmp_path: Path) -> None:
    """Two programs, told who is who as torchrun tells it, give the same network: two members, some layers frozen."""
    told: dict[str, Any] = {"WORLD_SIZE": 2, "LOCAL_RANK": 0, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    known = {**os.environ, "PYTHONPATH": ".", **{name: str(value) for name, value in told.items()}}
    machines = [
        subprocess.Popen(
            [sys.executable, "-c", LAUNCHED, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            cwd=Path(__file__).parents[2],
            env={**known, "RANK": str(rank)},
        )
        for rank in range(2)
    ]  # fmt: skip
    said = [machine.communicate(timeout=300) for machine in machines]
    assert [machine.returncode for machine in machines] == [0, 0], said
    assert said[0][0].split()[-1] == said[1][0].split()[-1]
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    ("changed", "launched", "text"),
    [
        ({"nodes": 2}, {}, "nodes: 2 needs a launcher"),
        ({"devices": 64}, {}, "64 processes need 128 training and 64 validation pictures"),
        (
            {"nodes": 2},
            {"WORLD_SIZE": "3", "RANK": "0", "LOCAL_RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"},
            "3 processes were launched; devices: 1 and nodes: 2 are 2",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused_at_once(
    changed: dict[str, int], launched: dict[str, str], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in launched.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=text):
        fitted(tmp_path, QUICK.model_copy(update=changed))
    assert list(tmp_path.rglob("*")) == []
