"""Detectors that learn in epochs: a fit that was cut short goes on, and their graph is the one that was saved."""

from pathlib import Path

import numpy as np
import pytest

from xray_platform.detectors.all import DETECTORS
from xray_platform.detectors.contract import DetectorKind, LearntDetector
from xray_platform.errors import StoreError
from xray_platform.training.openvino_graph import BIN
from xray_platform_tests.detectors.chests import chests

NORMALS, OTHERS = chests(24, seed=1), chests(10, seed=2)
LEARNT = {name: kind for name, kind in DETECTORS.items() if issubclass(kind.detector, LearntDetector)}
every_kind = pytest.mark.parametrize("kind", LEARNT.values(), ids=LEARNT)


class StoppedError(Exception):
    """Somebody stops the fit from outside."""


def stop(epoch: int, _: dict[str, float]) -> None:
    if epoch == 1:
        raise StoppedError


@every_kind
def test_a_fit_that_was_stopped_goes_on_and_ends_where_an_undisturbed_one_ends(
    kind: DetectorKind, tmp_path: Path
) -> None:
    settings = kind.settings.model_validate({**kind.quick, "epochs": 4})
    told: list[tuple[int, set[str]]] = []
    whole = kind.fit(NORMALS, settings, folder=tmp_path, on_epoch=lambda *epoch: told.append((epoch[0], set(epoch[1]))))
    assert [epoch for epoch, _ in told] == [0, 1, 2, 3]
    assert told[0][1] == {"train_loss", "val_loss", "learning_rate", "seconds"}
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StoppedError):
        kind.fit(NORMALS, settings, folder=tmp_path, on_epoch=stop)
    told.clear()
    resumed = kind.fit(NORMALS, settings, folder=tmp_path, on_epoch=lambda *epoch: told.append((epoch[0], set())))
    assert [epoch for epoch, _ in told] == [1, 2, 3]
    assert np.array_equal(resumed.score(OTHERS), whole.score(OTHERS))


@every_kind
def test_another_graph_in_its_folder_is_noticed(kind: DetectorKind, tmp_path: Path) -> None:
    kind.fit(NORMALS, kind.settings.model_validate({**kind.quick, "epochs": 1})).save(tmp_path)
    content = bytearray((tmp_path / BIN).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / BIN).write_bytes(content)
    with pytest.raises(StoreError, match="is not the one that was saved there"):
        kind.load(tmp_path)


@every_kind
def test_several_networks_of_other_seeds_are_averaged_and_one_that_was_finished_is_not_learnt_again(
    kind: DetectorKind, tmp_path: Path
) -> None:
    few = {**kind.quick, "epochs": 2}
    alone = kind.fit(NORMALS, kind.settings.model_validate({**few, "seed": 3})).heatmap(OTHERS)
    both = kind.settings.model_validate({**few, "seed": 3, "members": 2})
    told: list[tuple[int, str]] = []

    def on_epoch(epoch: int, metrics: dict[str, float]) -> None:
        told.append((epoch, min(metrics).partition("_")[0]))
        if len(told) == 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        kind.fit(NORMALS, both, folder=tmp_path, on_epoch=on_epoch)
    told.extend([(-1, "killed")])
    joined = kind.fit(NORMALS, both, folder=tmp_path, on_epoch=on_epoch)
    assert told[:3] == [(0, "learning"), (1, "learning"), (0, "member")]
    assert (0, "learning") not in told[4:], "the first is finished"
    assert "seeds 3 to 4, maps averaged" in " ".join(joined.describe())
    other = 2 * joined.heatmap(OTHERS) - alone
    assert other.min() > -1e-4 * alone.max(), "what the second says is a map as well"
    assert not np.allclose(other, alone, rtol=0.01)
