"""Lungs: found in drawn and in real chests, and nowhere else."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from xray_platform.imaging.crop_box import CropBox
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.imaging.steps.lungs import LungsSettings
from xray_platform.lung_fields import find_lungs
from xray_platform_tests.imaging.chest import draw_chest


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("tone", [0.5, 1.0, 2.0])
def test_the_lungs_of_a_drawn_chest_are_found_whatever_the_tone(seed: int, tone: float) -> None:
    chest, drawn = draw_chest(seed=seed)
    toned = ((chest / 65535) ** tone * 65535).astype(np.uint16)
    lungs = find_lungs(np.pad(toned, ((30, 10), (0, 40))))
    assert lungs.match > 0.6
    off = np.array([lungs.top - 30, lungs.left, lungs.bottom - 30, lungs.right]) - list(vars(drawn).values())
    assert np.abs(off).max() < 45  # of 320 x 300 pixels


def test_a_picture_without_lungs_stays_whole() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 65536, (90, 120)).astype(np.uint16)
    ramp = np.linspace(0, 60000, 120 * 90).reshape(90, 120).astype(np.uint16)
    for picture in (noise, ramp, np.zeros((64, 64), np.uint16), noise[:3]):
        np.testing.assert_array_equal(LungsSettings().apply(picture), picture)


def test_margins_are_added_around_the_lungs() -> None:
    chest, _ = draw_chest()
    bare = LungsSettings(side_margin=0, top_margin=0, bottom_margin=0)
    small, large = (CropBox.of(step.find(chest)) for step in (bare, LungsSettings(side_margin=0.1)))
    assert large.left < small.left < small.right < large.right
    assert large.top < small.top
    assert large.bottom > small.bottom


def test_a_film_is_cropped_to_the_lungs_and_not_to_its_white_frame() -> None:
    chest, _ = draw_chest()
    air = np.pad(chest, ((10, 0), (30, 30)), constant_values=1500)
    film = np.pad(air, 30, constant_values=65535)
    plain, inside = CropBox.of(LungsSettings().find(chest)), CropBox.of(LungsSettings().find(film))
    off = np.array([inside.top - 40, inside.left - 60, inside.bottom - 40, inside.right - 60])
    assert np.abs(off - [plain.top, plain.left, plain.bottom, plain.right]).max() < 45  # of 390 x 420 pixels


def test_the_crop_of_real_chests_holds_what_radiologists_boxed(shared_data: Path) -> None:
    boxes = pd.read_csv(shared_data / "nih" / "boxes.csv")
    paths = {path.name: path for path in (shared_data / "nih").rglob("*.jp*g")}
    held, areas = [], []
    for name, findings in list(boxes.groupby("file"))[::2]:
        picture: Pixels = np.asarray(cv2.imread(str(paths[str(name)]), cv2.IMREAD_GRAYSCALE))
        box = CropBox.of(LungsSettings().find(picture))
        areas.append((box.bottom - box.top) * (box.right - box.left) / picture.size)
        for x, y, w, h in findings[["x", "y", "width", "height"]].to_numpy():
            high = max(min(box.bottom, y + h) - max(box.top, y), 0)
            wide = max(min(box.right, x + w) - max(box.left, x), 0)
            held.append(high * wide / (w * h))
    assert np.mean(held) > 0.95
    assert np.mean(areas) < 0.68
