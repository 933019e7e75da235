"""Corruptions: each kind spoils more with each severity, as its level says, and chance gives the same every time."""

import numpy as np
import pytest

from xray_platform.imaging.corruptions import KINDS, SEVERITIES, CorruptionKind, corrupt, disc_mask, reduced
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.imaging.steps.rotate import turn

WINDOW = (1000.0, 41_000.0)
BY_NAME = {kind.name: kind for kind in KINDS}


def picture(rows: int = 512, columns: int = 400) -> Pixels:
    """Waves in both directions over a slope, inside the window."""
    y, x = np.mgrid[:rows, :columns] / 512
    waves = 0.5 + 0.2 * np.sin(9 * y) * np.cos(7 * x) + 0.2 * (x - 0.5) + 0.05 * np.sin(250 * x)
    return np.asarray(WINDOW[0] + waves * (WINDOW[1] - WINDOW[0]), np.uint16)


def spoilt(name: str, severity: int, seed: int = 3) -> Pixels:
    return corrupt(picture(), WINDOW, BY_NAME[name], severity, seed)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_severity_spoils_more_and_the_same_seed_gives_the_same(kind: CorruptionKind) -> None:
    clean = picture().astype(float)
    found = [corrupt(picture(), WINDOW, kind, severity, 3) for severity in SEVERITIES]
    assert [one.dtype == np.uint16 and one.shape == clean.shape for one in found] == [True] * len(SEVERITIES)
    distances = [float(np.abs(one - clean).mean()) for one in found]
    assert distances == sorted(distances)
    assert distances[0] > 0
    assert np.array_equal(found[2], corrupt(picture(), WINDOW, kind, 3, 3))


def test_noise_has_the_deviation_of_its_level_in_shares_of_the_window() -> None:
    noise = spoilt("noise", 3).astype(float) - picture()
    assert noise.std() / (WINDOW[1] - WINDOW[0]) == pytest.approx(0.07, rel=0.02)
    assert abs(noise.mean()) < 3 * noise.std() / np.sqrt(noise.size)


def test_contrast_keeps_the_mean_and_a_share_of_the_deviation() -> None:
    less, clean = spoilt("contrast", 3), picture()
    assert less.mean() == pytest.approx(clean.mean(), abs=1)
    assert less.std() == pytest.approx(0.5 * clean.std(), rel=1e-3)


def test_blur_of_a_point_has_the_variance_of_its_level() -> None:
    point = np.full((101, 101), 1000, np.uint16)
    point[50, 50] = 60_000
    out = corrupt(point, (1000.0, 60_000.0), BY_NAME["blur"], 5, 0).astype(float) - 1000
    x = np.arange(101) - 50
    variance = (out * x**2).sum() / out.sum()
    assert np.sqrt(variance) == pytest.approx(6 * 101 / 512, rel=0.1)


def test_rotation_turns_to_one_side_and_the_disc_is_a_disc_of_black() -> None:
    turned = spoilt("rotation", 3).astype(float)
    to_either = [turn(np.asarray(picture() - WINDOW[0], np.float32), angle) + WINDOW[0] for angle in (10, -10)]
    assert min(float(np.abs(turned - one).max()) for one in to_either) <= 1
    gone = (spoilt("missing_disc", 3) == WINDOW[0]) & (picture() != WINDOW[0])
    assert gone.sum() == pytest.approx(np.pi * (0.1 * 512) ** 2, rel=0.02)
    assert disc_mask((100, 50), 0.5, 0.5, 0.1)[50, 25]
    assert disc_mask((100, 50), 0.5, 0.5, 0.1).sum() == pytest.approx(np.pi * 100, rel=0.05)


def test_what_is_spoilt_does_not_depend_on_the_unit_of_the_grey_values() -> None:
    tenth = np.asarray(picture() // 10, np.uint16)
    for kind in KINDS:
        small = corrupt(tenth, (WINDOW[0] / 10, WINDOW[1] / 10), kind, 3, 3).astype(float)
        assert np.abs(10 * small - corrupt(picture(), WINDOW, kind, 3, 3)).mean() < 60, kind.name


def test_a_flat_picture_with_no_window_at_all_can_be_spoilt() -> None:
    for kind in KINDS:
        out = corrupt(np.full((40, 30), 7, np.uint16), (7.0, 7.0), kind, 5, 0)
        assert out.shape == (40, 30), kind.name


def test_large_pictures_are_reduced_and_small_ones_stay() -> None:
    assert reduced(np.zeros((2048, 1024), np.uint16)).shape == (512, 256)
    assert reduced(np.zeros((100, 60), np.uint16)).shape == (100, 60)
