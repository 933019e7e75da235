from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from xray_platform.errors import DataError, InputError, StoreError
from xray_platform.networks.restorer import Restorer, RestorerSettings
from xray_platform.training.restorer.damage import believed_curve, damage, sample_damage
from xray_platform.training.restorer.dataset import RestorerDataset, make_dataset
from xray_platform.training.restorer.lightning_module import CropBatches
from xray_platform.training.restorer.loss import restoring_loss, ssim
from xray_platform.training.restorer.model import WEIGHTS, TrainedRestorer
from xray_platform.training.restorer.train import fit_restorer, train_restorer
from xray_platform.training.restorer.training_settings import RestorerTrainingSettings

SMALL = RestorerTrainingSettings(width=8, side=64, crop=48, batch_size=4, steps=60, learning_rate=4e-3)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("images")
    y, x = np.mgrid[:64, :64]
    for number in range(16):
        level = 120 + 90 * np.sin(x / (5 + number / 3)) * np.cos(y / 9) * (np.abs(x - 32) < 26)
        cv2.imwrite(str(folder / f"{number}.png"), level.astype(np.uint8))
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def examples(images: list[Path]) -> RestorerDataset:
    return make_dataset(images, 64, seed=1)


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


def test_examples_lie_in_the_same_place_as_their_targets(examples: RestorerDataset) -> None:
    assert len(examples) == 16
    maps, clean, inside = examples.crops(np.arange(16), 48, np.random.default_rng(0))
    assert maps.shape == (16, 8, 48, 48)
    assert clean.shape == inside.shape == (16, 1, 48, 48)
    seen = maps[:, 7:] > 0
    assert np.corrcoef(maps[:, 5:6][seen], clean[seen])[0, 1] > 0.6


def test_it_learns_and_comes_back_from_its_folder(examples: RestorerDataset, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    trained = fit_restorer(examples, SMALL)
    maps = examples.maps[0].astype(np.float32) / 255
    untrained = fit_restorer(examples, SMALL.model_copy(update={"steps": 1, "learning_rate": 1e-9}))
    target, inside = examples.clean[0].astype(float), examples.inside[0] > 0
    before, after = (np.abs(one(maps) - target)[inside].mean() for one in (untrained, trained))
    assert after < 0.8 * before
    trained.save(tmp_path)
    again = TrainedRestorer.load(tmp_path)
    assert again(maps) == pytest.approx(trained(maps), abs=1.0)
    assert "simulated damage" in again.describe()


def test_training_is_adamw_with_warm_up_clipping_and_a_moving_average(examples: RestorerDataset) -> None:
    """The same steps written out in plain torch end at the same weights."""
    settings = SMALL.model_copy(update={"steps": 25})
    trained = fit_restorer(examples, settings)
    torch.manual_seed(settings.seed)
    network = Restorer(RestorerSettings(width=settings.width)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    named = list(network.parameters())
    optimizer = torch.optim.AdamW(
        [
            {"params": [one for one in named if one.ndim > 1], "weight_decay": 1e-4},
            {"params": [one for one in named if one.ndim == 1], "weight_decay": 0.0},
        ]
    )
    average = [one.detach().clone() for one in named]
    for step, (maps, clean, inside) in enumerate(CropBatches(examples, settings)[number] for number in range(25)):
        share = (step + 1) / 1 if step < 1 else 0.01 + 0.99 * (1 + np.cos(np.pi * (step - 1) / 24)) / 2
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * share
        optimizer.zero_grad()
        restoring_loss(network(maps), clean, inside, settings.ssim_weight).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(named, 1.0)
        optimizer.step()
        kept = min(0.995, step / (step + 20))
        average = [kept * old + (1 - kept) * one.detach() for old, one in zip(average, named, strict=True)]
    for one, other in zip(trained.network.parameters(), average, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def test_what_is_random_elsewhere_is_left_alone(examples: RestorerDataset) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    fit_restorer(examples, SMALL.model_copy(update={"steps": 1}))
    assert torch.equal(torch.rand(3), expected)


def test_a_missing_or_damaged_restorer_is_told(examples: RestorerDataset, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no restorer"):
        TrainedRestorer.load(tmp_path)
    fit_restorer(examples, SMALL.model_copy(update={"steps": 1})).save(tmp_path)
    (tmp_path / WEIGHTS).write_bytes((tmp_path / WEIGHTS).read_bytes()[:-100])
    with pytest.raises(StoreError, match="no restorer"):
        TrainedRestorer.load(tmp_path)


def test_too_few_and_unreadable_pictures_are_refused(images: list[Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="3 pictures"):
        train_restorer(images[:3])
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="not a readable picture"):
        make_dataset([tmp_path / "a.png"], 64, seed=0)


def test_the_loss_is_least_for_the_target_and_blind_outside() -> None:
    target = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    inside = torch.ones_like(target)
    inside[..., 16:] = 0
    wrong = target.clone()
    wrong[..., 16:] += 0.5
    assert float(ssim(target, target)) == pytest.approx(1.0, abs=1e-4)
    best = float(restoring_loss(target, target, inside, 0.15))
    assert float(restoring_loss(wrong, target, inside, 0.15)) == pytest.approx(best)
    assert float(restoring_loss(target + 0.1, target, inside, 0.15)) > best + 0.05
