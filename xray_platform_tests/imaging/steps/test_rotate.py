"""Rotation: by a given angle, and upright by the chest's own symmetry."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from xray_platform.imaging.pixel_range import Pixels
from xray_platform.imaging.steps.rotate import RotateSettings, StraightenSettings, turn
from xray_platform.imaging.symmetry import tilt
from xray_platform_tests.imaging.chest import draw_chest

CHEST, _ = draw_chest()


def test_positive_angles_turn_counter_clockwise() -> None:
    picture = np.zeros((41, 41), np.uint16)
    picture[18:23, 34:37] = 60000  # right of the centre
    y, x = np.nonzero(RotateSettings(degrees=30).apply(picture) > 20000)
    assert np.degrees(np.arctan2(20 - y.mean(), x.mean() - 20)) == pytest.approx(30, abs=2)


def test_there_and_back_is_nearly_the_same() -> None:
    inside = (slice(80, -80), slice(80, -80))
    back = turn(turn(CHEST, 7), -7)[inside].astype(float)
    assert np.abs(back - CHEST[inside]).mean() < 600
    np.testing.assert_array_equal(RotateSettings().apply(CHEST), CHEST)


@pytest.mark.parametrize("degrees", [-8, -4, 0, 3, 7])
def test_a_tilted_chest_is_turned_upright(degrees: int) -> None:
    found = StraightenSettings().find(turn(CHEST, degrees))
    assert found["degrees"] == pytest.approx(-degrees, abs=1)


def test_a_small_tilt_is_left_and_a_large_one_not_believed() -> None:
    assert StraightenSettings(least_degrees=5).find(turn(CHEST, 3))["degrees"] == 0
    assert StraightenSettings(most_degrees=5).find(turn(CHEST, 8))["degrees"] == 0


def test_a_picture_without_an_axis_is_left_alone() -> None:
    noise = np.random.default_rng(0).integers(0, 65536, (200, 200)).astype(np.uint16)
    for picture in (noise, noise[:5], np.zeros((50, 50), np.uint16)):
        np.testing.assert_array_equal(StraightenSettings().apply(picture), picture)


def test_real_chests_turned_by_a_known_angle_are_seen_to_be(shared_data: Path) -> None:
    errors = []
    for path in sorted((shared_data / "kermany_native").rglob("*.jp*g"))[::10]:
        picture: Pixels = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))
        before = tilt(picture)
        if before.spread <= 2.5 and abs(before.degrees) < 6:
            errors.append(abs(tilt(turn(picture, 5)).degrees - before.degrees + 5))
    assert len(errors) >= 4
    assert np.median(errors) < 1
