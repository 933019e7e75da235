"""The imaging benchmark: its peers do the same steps, and its figures come from the functions they name."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from xray_platform.bench import tensor_store
from xray_platform.bench.preparing import SIDE, Prepare, in_unit_range, monai_transforms, ours, scikit_image
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom
from xray_platform.tables.places import Places


@pytest.fixture(scope="module")
def phantom() -> Pixels:
    return render(sample_phantom(np.random.default_rng(0), PhantomSettings(side=512))).pixels


@pytest.mark.parametrize("peer", [scikit_image, monai_transforms])
def test_a_peer_prepares_the_same_picture(phantom: Pixels, peer: Callable[[], Prepare]) -> None:
    mine, theirs = in_unit_range(ours()(phantom)), in_unit_range(peer()(phantom))
    assert mine.shape == theirs.shape == (SIDE, SIDE)
    assert np.abs(mine - theirs).mean() < 0.01


def test_reading_is_measured_on_the_store_itself(
    phantom: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensor_store, "TENSORS", 40)
    monkeypatch.setattr(tensor_store, "ROUNDS", 1)
    figures = tensor_store.reading(tmp_path, [phantom, phantom])
    assert all(float(value) > 0 for value in figures.values())
    assert float(figures["tensors stored, share of plain bytes"]) < 1.1


def test_one_and_two_processes_make_the_same_batch(
    phantom: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensor_store, "BATCH_PICTURES", 9)
    figures = tensor_store.two_processes(Places(tmp_path), [phantom, phantom])
    assert figures["two processes against one, ratio"]
