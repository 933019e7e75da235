"""Made-up lesions lie over the lungs, are asked for where they can be seen, and are the same for the same seed."""

import torch

from xray_platform.training.batches import generator_for
from xray_platform.training.made_up_lesions import CELL, LesionMaker, dark_places
from xray_platform.training.reframing import reframed
from xray_platform_tests.detectors.chests import SIDE, chests

IMAGES = torch.from_numpy(chests(32, seed=1))[:, None]
WHERE = dark_places(IMAGES[:, 0].mean(0))
MAKER = LesionMaker(WHERE, 0.19)


def test_the_dark_places_are_the_lungs() -> None:
    grey = IMAGES[:, 0].mean(0)[CELL // 2 :: CELL, CELL // 2 :: CELL]
    assert grey[WHERE > 0].mean() < 0.4 < grey[WHERE == 0].mean()
    assert WHERE[:2].sum() == WHERE[:, -2:].sum() == 0


def test_lesions_are_asked_for_where_pictures_were_changed() -> None:
    changed, asked = MAKER(IMAGES, generator_for(0))
    assert changed.shape == IMAGES.shape
    assert asked.shape == (32, 1, SIDE // CELL, SIDE // CELL)
    assert 0 <= float(asked.min()) <= float(asked.max()) <= 1
    assert 0 <= float(changed.min()) <= float(changed.max()) <= 1
    change = torch.nn.functional.avg_pool2d((changed - IMAGES).abs(), CELL)
    assert change[asked > 0.5].mean() > 10 * change[asked < 0.01].mean()
    touched = asked.flatten(1).amax(1) > 0.5
    assert 8 < int(touched.sum()) < 32  # some pictures stay as they are


def test_the_same_seed_makes_the_same_lesions() -> None:
    one, same, other = (MAKER(IMAGES, generator_for(seed))[0] for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_larger_lesions_are_larger() -> None:
    small, large = (LesionMaker(WHERE, largest)(IMAGES, generator_for(3))[1].mean() for largest in (0.06, 0.3))
    assert large > 2 * small


def test_reframed_pictures_move_a_little_and_not_at_all_without_play() -> None:
    moved = reframed(IMAGES, 0.1, generator_for(0))
    assert torch.equal(reframed(IMAGES, 0.0, generator_for(0)), IMAGES)
    assert 0.005 < float((moved - IMAGES).abs().mean()) < 0.15
    assert 0 <= float(moved.min()) <= float(moved.max()) <= 1
