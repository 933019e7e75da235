"""Augmentation changes a picture a little, never its sides or range, and the same chance gives the same picture."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_platform.training.augmentation import apply, sample
from xray_platform.training.augmentation_settings import AugmentationSettings
from xray_platform.training.batches import generator_for

NOTHING = dict.fromkeys(AugmentationSettings.model_fields, 0.0)
DEFAULT = AugmentationSettings()


def left_is_bright(count: int, side: int = 32) -> torch.Tensor:
    images = torch.full((count, 1, side, side), 0.2)
    images[..., : side // 2] = 0.8
    return images


def changed(images: torch.Tensor, settings: AugmentationSettings, seed: int = 0) -> torch.Tensor:
    return apply(images, sample(images, settings, generator_for(seed)))


def test_nothing_asked_is_nothing_done() -> None:
    images = torch.rand(3, 1, 24, 24)
    torch.testing.assert_close(changed(images, AugmentationSettings(**NOTHING)), images)


def test_the_same_chance_gives_the_same_pictures_and_another_gives_others() -> None:
    images = left_is_bright(4)
    assert torch.equal(changed(images, DEFAULT, seed=5), changed(images, DEFAULT, seed=5))
    assert not torch.allclose(changed(images, DEFAULT, seed=5), changed(images, DEFAULT, seed=6))


def test_left_stays_left() -> None:
    moved = changed(left_is_bright(200), DEFAULT)
    assert (moved[..., :16].mean(dim=(1, 2, 3)) > moved[..., 16:].mean(dim=(1, 2, 3)) + 0.2).all()


@pytest.mark.parametrize("field", list(AugmentationSettings.model_fields))
def test_each_setting_does_something_and_each_picture_is_changed_its_own_way(field: str) -> None:
    images = left_is_bright(8)
    images[:, :, 10:14] = 0.5
    one, *others = changed(
        images, AugmentationSettings(**{**NOTHING, field: 0.3 if field != "rotation_degrees" else 20})
    )
    assert not torch.allclose(one, images[0])
    assert not any(torch.allclose(one, other) for other in others)


def test_a_shift_goes_no_farther_than_asked() -> None:
    dot = torch.zeros(100, 1, 41, 41)
    dot[:, :, 20, 20] = 1
    moved = changed(dot, AugmentationSettings(**{**NOTHING, "shift": 0.1}))
    places = torch.nonzero(moved[:, 0] > 0)[:, 1:]
    assert int((places - 20).abs().max()) <= 5  # a tenth of 41 px, and the neighbour that shares a pixel
    assert int((places - 20).abs().max()) >= 3


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(1, 40), st.floats(0, 1), st.integers(0, 10_000))
def test_any_picture_keeps_its_shape_and_range(count: int, side: int, grey: float, seed: int) -> None:
    images = torch.full((count, 1, side, side), grey)
    out = changed(images, DEFAULT, seed)
    assert out.shape == images.shape
    assert 0 <= float(out.min()) <= float(out.max()) <= 1
