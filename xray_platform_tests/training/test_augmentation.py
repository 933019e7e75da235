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


STRENGTHS = {"rotation_degrees": 20.0, "blur": 0.5}


@pytest.mark.parametrize("field", list(AugmentationSettings.model_fields))
def test_each_setting_does_something_and_each_picture_is_changed_its_own_way(field: str) -> None:
    images = left_is_bright(8)
    images[:, :, 10:14] = 0.5
    out = changed(images, AugmentationSettings(**{**NOTHING, field: STRENGTHS.get(field, 0.3)}))
    differ = [not torch.allclose(one, other) for number, one in enumerate(out) for other in out[:number]]
    assert not torch.allclose(out, images)
    assert any(differ) if field in {"blur", "erase"} else all(differ)  # blurred or not; a small box hides little


def checkered(count: int, side: int = 32) -> torch.Tensor:
    """Squares of 4 px in two greys, with a finer pattern of single pixels on top."""
    place = torch.arange(side)
    coarse = ((place[:, None] // 4 + place // 4) % 2) * 0.4 + 0.3
    return (coarse + ((place[:, None] + place) % 2 - 0.5) * 0.1).expand(count, 1, side, side).contiguous()


def fine_contrast(images: torch.Tensor) -> torch.Tensor:
    """Return the mean difference of neighbours, (N,)."""
    return (images[..., 1:] - images[..., :-1]).abs().mean(dim=(1, 2, 3))


def test_a_blurred_picture_has_no_single_pixels_left_but_its_coarse_shape() -> None:
    images = checkered(4)
    blurred = changed(images, AugmentationSettings(**{**NOTHING, "blur": 1.0}))
    assert (fine_contrast(blurred) < 0.6 * fine_contrast(images)).all()
    middles = blurred[0, 0, 1::4, 1::4], images[0, 0, 1::4, 1::4]
    assert torch.corrcoef(torch.stack([each.flatten() for each in middles]))[0, 1] > 0.95


def test_sharpness_goes_both_ways_and_leaves_the_mean_alone() -> None:
    images = checkered(200)
    out = changed(images, AugmentationSettings(**{**NOTHING, "sharpness": 0.5}))
    ratio = fine_contrast(out) / fine_contrast(images)
    assert float(ratio.min()) < 0.8
    assert float(ratio.max()) > 1.2
    torch.testing.assert_close(out.mean(dim=(1, 2, 3)), images.mean(dim=(1, 2, 3)), atol=0.01, rtol=0)


def test_gamma_keeps_black_white_and_the_order_of_greys() -> None:
    ramp = torch.linspace(0, 1, 32).expand(100, 1, 32, 32).contiguous()
    out = changed(ramp, AugmentationSettings(**{**NOTHING, "gamma": 0.5}))
    assert (out[..., 0] == 0).all()
    assert (out[..., -1] == 1).all()
    assert (out[..., 1:] >= out[..., :-1]).all()
    middle = out[:, 0, 0, 16]
    assert 0.516**1.5 - 1e-3 <= float(middle.min()) < 0.4
    assert 0.6 < float(middle.max()) <= 0.517 ** (1 / 1.5) + 1e-3


def test_an_erased_box_is_no_larger_than_asked() -> None:
    images = left_is_bright(100)
    difference = changed(images, AugmentationSettings(**{**NOTHING, "erase": 0.4})) - images
    hidden = difference.abs() > 1e-3
    assert int(hidden.any(dim=3).sum(dim=2).max()) <= 13  # 0.4 of 32 rows
    assert int(hidden.any(dim=2).sum(dim=2).max()) <= 13
    assert float(hidden.any(dim=(1, 2, 3)).float().mean()) > 0.7  # the smallest hold no pixel's middle


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
