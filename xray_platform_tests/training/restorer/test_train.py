from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from xray_platform.errors import DataError, InputError, StoreError
from xray_platform.training.restorer.damage import believed_curve, damage, sample_damage
from xray_platform.training.restorer.dataset import Lessons, make_lessons
from xray_platform.training.restorer.model import WEIGHTS, LearntRestorer
from xray_platform.training.restorer.train import RestorerTraining, learn, restoring_loss, similarity, teach_restorer

SMALL = RestorerTraining(width=8, side=64, crop=48, batch=4, steps=60, rate=4e-3)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("films")
    y, x = np.mgrid[:64, :64]
    for number in range(16):
        level = 120 + 90 * np.sin(x / (5 + number / 3)) * np.cos(y / 9) * (np.abs(x - 32) < 26)
        cv2.imwrite(str(folder / f"{number}.png"), level.astype(np.uint8))
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def lessons(films: list[Path]) -> Lessons:
    return make_lessons(films, 64, seed=1)


@pytest.mark.parametrize("seed", range(6))
def test_damage_is_replayed_from_what_was_drawn(seed: int) -> None:
    how = sample_damage(np.random.default_rng(seed))
    assert how == sample_damage(np.random.default_rng(seed))
    clean = np.tile(np.arange(64, dtype=np.uint8) * 4, (64, 1))
    one, other = damage(clean, how), damage(clean, how)
    assert np.array_equal(one.picture, other.picture)
    assert one.picture.shape == (64, 64, 3)
    assert not (one.usable & ~one.inside).any()
    assert 0 <= believed_curve(how).min() <= believed_curve(how).max() <= 255


def test_lessons_stand_in_the_same_place_as_their_truth(lessons: Lessons) -> None:
    assert len(lessons) == 16
    maps, clean, inside = lessons.crops(np.arange(16), 48, np.random.default_rng(0))
    assert maps.shape == (16, 8, 48, 48)
    assert clean.shape == inside.shape == (16, 1, 48, 48)
    seen = maps[:, 7:] > 0
    assert np.corrcoef(maps[:, 5:6][seen], clean[seen])[0, 1] > 0.6


def test_it_learns_is_kept_and_comes_back_the_same(lessons: Lessons, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    taught = learn(lessons, SMALL)
    maps = lessons.maps[0].astype(np.float32) / 255
    untaught = learn(lessons, SMALL.model_copy(update={"steps": 1, "rate": 1e-9}))
    truth, inside = lessons.clean[0].astype(float), lessons.inside[0] > 0
    before, after = (np.abs(one(maps) - truth)[inside].mean() for one in (untaught, taught))
    assert after < 0.8 * before
    taught.save(tmp_path)
    again = LearntRestorer.load(tmp_path)
    assert again(maps) == pytest.approx(taught(maps), abs=1.0)
    assert "made-up damage" in again.describe()


def test_a_missing_or_damaged_restorer_is_told(lessons: Lessons, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no restorer"):
        LearntRestorer.load(tmp_path)
    learn(lessons, SMALL.model_copy(update={"steps": 1})).save(tmp_path)
    (tmp_path / WEIGHTS).write_bytes((tmp_path / WEIGHTS).read_bytes()[:-100])
    with pytest.raises(StoreError, match="no restorer"):
        LearntRestorer.load(tmp_path)


def test_too_few_and_unreadable_pictures_are_refused(films: list[Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="3 pictures"):
        teach_restorer(films[:3])
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="not a readable picture"):
        make_lessons([tmp_path / "a.png"], 64, seed=0)


def test_the_loss_is_least_for_the_truth_and_blind_outside() -> None:
    truth = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    inside = torch.ones_like(truth)
    inside[..., 16:] = 0
    wrong = truth.clone()
    wrong[..., 16:] += 0.5
    assert float(similarity(truth, truth)) == pytest.approx(1.0, abs=1e-4)
    best = float(restoring_loss(truth, truth, inside, 0.15))
    assert float(restoring_loss(wrong, truth, inside, 0.15)) == pytest.approx(best)
    assert float(restoring_loss(truth + 0.1, truth, inside, 0.15)) > best + 0.05
