"""A rendered phantom looks like a chest to a ruler: lungs dark, heart on the left, findings where their boxes say."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_platform.phantoms.parameters import PhantomParameters
from xray_platform.phantoms.phantom import ABNORMAL, FindingName, Phantom
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom

SIDE = 256


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    cv2.setNumThreads(1)


def draw(seed: int, findings: Sequence[FindingName] = (), side: int = SIDE) -> PhantomParameters:
    share = 1.0 if findings else 0.0
    kinds = tuple(findings) or ABNORMAL
    return sample_phantom(np.random.default_rng(seed), PhantomSettings(side=side, abnormal_share=share, findings=kinds))


@given(seed=st.integers(0, 2**31), side=st.integers(64, 160))
@settings(max_examples=25, deadline=None)
def test_every_draw_gives_a_twelve_bit_picture_with_boxes_inside_it(seed: int, side: int) -> None:
    parameters = sample_phantom(np.random.default_rng(seed), PhantomSettings(side=side, abnormal_share=0.8))
    phantom = render(parameters)
    assert phantom.pixels.dtype == np.uint16
    assert phantom.pixels.shape == parameters.shape
    assert phantom.pixels.max() <= 4095
    assert phantom.pixels.std() > 200
    assert bool(phantom.boxes) == (phantom.finding != "normal")
    for box in phantom.boxes:
        assert box.top >= 0
        assert box.left >= 0
        assert box.height > 0
        assert box.width > 0
        assert box.top + box.height <= phantom.pixels.shape[0]
        assert box.left + box.width <= phantom.pixels.shape[1]


def test_the_same_parameters_give_the_same_pixels() -> None:
    parameters = draw(1)
    assert np.array_equal(render(parameters).pixels, render(parameters).pixels)


def test_another_noise_seed_gives_another_picture_of_the_same_body() -> None:
    parameters = replace(draw(2), technique=replace(draw(2).technique, leads=False))
    first = render(parameters).pixels.astype(float)
    second = render(replace(parameters, noise_seed=parameters.noise_seed + 1)).pixels.astype(float)
    assert not np.array_equal(first, second)
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.99


def test_lungs_are_darker_than_the_heart_between_them_and_the_belly_below() -> None:
    for seed in range(8):
        grey = _on_the_body(draw(seed))
        right, left, spine, belly = grey(-85, 120), grey(95, 100), grey(0, 180), grey(-60, 300)
        assert max(right, left) < spine
        assert max(right, left) < belly


def test_the_heart_points_to_the_right_of_the_picture() -> None:
    """A phantom is seen from the front: the patient's left is on the right."""
    for seed in range(8):
        grey = _on_the_body(draw(seed))
        assert grey(62, 185) > grey(-62, 185)


@pytest.mark.parametrize("name", ABNORMAL)
def test_a_finding_changes_its_box_more_than_the_rest(name: FindingName) -> None:
    for seed in range(5):
        ill = draw(seed, [name])
        phantom, sound = render(ill), render(replace(ill, finding=draw(seed).finding))
        change = phantom.pixels.astype(float) - sound.pixels
        change = np.abs(change - np.median(change))  # the exposure range follows what is in the picture
        box = phantom.boxes[0]
        inside = np.zeros(change.shape, dtype=bool)
        inside[box.top : box.top + box.height, box.left : box.left + box.width] = True
        assert phantom.finding == box.label == name
        assert change[inside].mean() > 1.5 * change[~inside].mean()


def test_an_opacity_and_a_nodule_are_brighter_and_free_air_is_darker() -> None:
    brighter: tuple[FindingName, ...] = ("opacity", "nodule")
    for name in brighter:
        assert _mean_change(name) > 0
    assert _mean_change("pneumothorax") < 0


def test_a_large_heart_takes_more_than_half_of_the_chest() -> None:
    for seed in range(12):
        normal, large = _heart_share(draw(seed)), _heart_share(draw(seed, ["cardiomegaly"]))
        assert normal < large
        assert large > 0.48


def test_a_picture_shows_as_many_grey_levels_as_twelve_bits_should() -> None:
    phantom = render(draw(5, side=1024))
    assert len(np.unique(phantom.pixels)) > 3000


def test_less_exposure_means_more_noise() -> None:
    parameters = replace(draw(6), technique=replace(draw(6).technique, leads=False))

    def noise(exposure: float) -> float:
        technique = replace(parameters.technique, exposure=exposure, blur_pixels=0.4)
        first, second = (
            render(replace(parameters, technique=technique, noise_seed=seed)).pixels.astype(float) for seed in (1, 2)
        )
        return float(np.std((first - second)[SIDE // 4 : -SIDE // 4, SIDE // 4 : -SIDE // 4]))

    assert noise(0.2) == pytest.approx(4 * noise(3.2), rel=0.15)


def test_every_vendor_gives_another_picture_of_the_same_dose() -> None:
    from xray_platform.phantoms.vendors import VENDORS

    parameters = draw(7)
    means = {
        name: render(replace(parameters, technique=replace(parameters.technique, vendor=name))).pixels.mean()
        for name in VENDORS
    }
    assert len({round(float(mean)) for mean in means.values()}) == len(VENDORS) >= 4


def _mean_change(name: FindingName) -> float:
    found = []
    for seed in range(6):
        ill = draw(seed, [name])
        phantom, sound = render(ill), render(replace(ill, finding=draw(seed).finding))
        box = phantom.boxes[0]
        cut = np.s_[box.top : box.top + box.height, box.left : box.left + box.width]
        change = phantom.pixels.astype(float) - sound.pixels
        found.append(float(change[cut].mean() - np.median(change)))
    return float(np.mean(found))


def _heart_share(parameters: PhantomParameters) -> float:
    """The cardiothoracic ratio as the body is built, from the widest place of heart and chest."""
    from xray_platform.phantoms.body_grid import body_grid
    from xray_platform.phantoms.render import thorax_of
    from xray_platform.phantoms.thorax import inner_width

    thorax = thorax_of(parameters, body_grid(parameters, 0.5))
    y = np.arange(110, 230, 2, dtype=np.float32)[:, None]
    heart = float((thorax.heart_border(-1, y) + thorax.heart_border(1, y)).max())
    return heart / (2 * float(inner_width(y).max()))


def _on_the_body(parameters: PhantomParameters):  # type: ignore[no-untyped-def]
    """Return a function that reads the mean grey round a place of the body, in canonical mm."""
    from xray_platform.phantoms.body_grid import body_grid, to_detector

    grid = body_grid(parameters, 0.5)
    technique = replace(parameters.technique, leads=False, marker="")
    phantom: Phantom = render(replace(parameters, technique=technique))
    matrix = to_detector(parameters, grid)

    def grey(x: float, y: float) -> float:
        place = np.array([grid.column(np.array(x)), grid.row(np.array(y))])
        column, row = np.linalg.solve(matrix[:, :2], place - matrix[:, 2])
        row = min(max(int(row), 6), phantom.pixels.shape[0] - 7)
        column = min(max(int(column), 6), phantom.pixels.shape[1] - 7)
        return float(phantom.pixels[row - 6 : row + 7, column - 6 : column + 7].mean())

    return grey
