"""Examples for the text detector: the target is where ink is, a marker is no writing, doubtful places do not count."""

from dataclasses import replace

import numpy as np
import pytest

from xray_platform.networks.text_detector import CHANNELS
from xray_platform.training.writing.dataset import IN_DOUBT, SIDE, Background, Material, _drawn_background, make_example
from xray_platform.training.writing.fonts import FontSet
from xray_platform.training.writing.render import write
from xray_platform.training.writing.scene import Look, Place, burn, marker, region, turned


@pytest.fixture(scope="module")
def material(fonts: FontSet) -> Material:
    plain = Background(np.full((400, 300), 90, np.uint8))
    writings = [write(fonts, 12.0 + number, np.random.default_rng(number)) for number in range(20)]
    return Material([[plain]], [1.0], writings, fonts)


def test_an_example_is_a_crop_with_target_and_weight_for_each_cell(material: Material) -> None:
    examples = [make_example(material, np.random.default_rng(seed)) for seed in range(40)]
    for example in examples:
        assert example.grey.shape == (SIDE, SIDE)
        assert example.grey.dtype == np.uint8
        assert example.target.shape == example.weight.shape == (len(CHANNELS), SIDE // 4, SIDE // 4)
        assert set(np.unique(example.target)) <= {0.0, 1.0}
        assert (example.target[:, example.weight[0] > 0].sum(0) <= 1).all(), "a cell is writing or one marker"
    assert all(any(example.target[channel].any() for example in examples) for channel in range(len(CHANNELS)))


def test_the_same_seed_gives_the_same_example(material: Material) -> None:
    one, other = (make_example(material, np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(one.grey, other.grey)
    assert np.array_equal(one.target, other.target)


def test_what_seems_to_be_written_already_does_not_count(fonts: FontSet) -> None:
    doubtful = Background(np.full((300, 300), 90, np.uint8), np.full((300, 300), IN_DOUBT, np.uint8))
    blank = Material([[doubtful]], [1.0], [write(fonts, 20.0, np.random.default_rng(1))], fonts)
    examples = [make_example(blank, np.random.default_rng(seed)) for seed in range(10)]
    assert sum(bool((example.weight == 0).all()) for example in examples) >= 8, "a few are plain"


def test_a_mistake_in_a_picture_without_writing_is_looked_at_often(fonts: FontSet) -> None:
    grey = np.full((1200, 1200), 90, np.uint8)
    grey[880:920, 280:320] = 255
    pictures = {
        mistakes: Material([[Background(grey, None, bare=True, mistakes=mistakes)]], [1.0], [], fonts)
        for mistakes in ((), ((900, 300),))
    }
    seen = {
        mistakes: sum(
            bool((_drawn_background(material, np.random.default_rng(seed), SIDE).grey > 200).any())
            for seed in range(40)
        )
        for mistakes, material in pictures.items()
    }
    assert seen[((900, 300),)] > 1.5 * seen[()]


def test_a_small_picture_is_seen_enlarged_and_tiny_letters_in_it_do_not_count(fonts: FontSet) -> None:
    tiny = Material(
        [[Background(np.full((300, 300), 90, np.uint8))]],
        [1.0],
        [write(fonts, 6.0, np.random.default_rng(seed), "printed") for seed in range(8)],
        fonts,
    )
    large = replace(tiny, writings=[write(fonts, 20.0, np.random.default_rng(seed), "printed") for seed in range(8)])
    counted = {
        size: sum(bool(make_example(material, np.random.default_rng(seed)).target[0].any()) for seed in range(25))
        for size, material in ((6, tiny), (20, large))
    }
    assert 0 < counted[6] < counted[20]


def test_the_region_of_writing_holds_its_ink_and_the_gaps_between_letters(fonts: FontSet) -> None:
    writing = write(fonts, 20.0, np.random.default_rng(2), "printed")
    _, cover, seen = burn(np.zeros((300, 900), np.uint8), writing.ink, Place(100, 20), Look(200.0))
    whole = region(cover, writing.height, writing.kind)
    assert whole[cover > 0].all()
    assert whole.sum() > cover.sum()
    assert seen > 100


def test_a_marker_is_one_letter_and_turning_keeps_its_ink(fonts: FontSet) -> None:
    ink = marker(fonts, 30.0, "R", np.random.default_rng(0))
    assert ink.max() == 255
    for degrees in (0, 20, 90, 135):
        assert turned(ink, degrees).astype(float).sum() == pytest.approx(ink.astype(float).sum(), rel=0.15)
