"""Masks and boxes of maps: what lies above one threshold for all pictures, without specks, where it lies."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from xray_platform.bounding_box import BoundingBox
from xray_platform.evaluation.gallery import BOX_COLOUR, Samples
from xray_platform.evaluation.heatmap import map_scale
from xray_platform.evaluation.map_masks import BOXES_FILE, boxes_of, marked, mask_of, write_masks

SIDE = 64


def two_regions() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """A map with a strong region, a weaker one, and a speck that is stronger than both."""
    heat = np.zeros((SIDE, SIDE), np.float32)
    heat[10:20, 30:50] = 2.0
    heat[40:46, 5:11] = 3.0
    heat[60, 60] = 9.0
    return heat


def test_each_region_has_its_box_and_a_speck_has_none() -> None:
    heat = two_regions()
    mask = mask_of(heat, 1.0)
    assert mask.sum() == 200 + 36
    boxes = boxes_of(mask, heat)
    assert [one.box for one in boxes] == [BoundingBox(40, 5, 6, 6), BoundingBox(10, 30, 10, 20)]
    assert [(one.area, one.peak) for one in boxes] == [(36, 3.0), (200, 2.0)]
    assert not mask_of(heat, 3.5).any()
    assert mask_of(np.full((SIDE, SIDE), np.nan, np.float32), 1.0).sum() == 0


def test_the_threshold_comes_from_normal_pictures_and_calls_so_many_of_their_pixels() -> None:
    normal = np.random.default_rng(0).normal(size=(20, SIDE, SIDE)).astype(np.float32)
    for target in (0.9, 0.99):
        mask = map_scale(normal, target).mask
        assert mask is not None
        assert abs(float((normal >= mask).mean()) - (1 - target)) < 0.001
    assert map_scale(np.zeros((3, 8, 8), np.float32)).mask is None, "maps that say nothing call nothing abnormal"


def test_red_lies_over_the_mask_alone_and_the_anatomy_shows_through() -> None:
    heat = two_regions()
    mask = mask_of(heat, 1.0)
    stripes = np.tile(np.array([0, 1], np.float32), (SIDE, SIDE // 2))
    shown = marked(stripes, mask, boxes_of(mask, heat)).astype(int)
    grey = np.round(stripes * 255).astype(int)
    assert (shown[~mask] == grey[~mask][:, None]).all()
    assert (shown[12:18, 33:47, 0] >= shown[12:18, 33:47, 1]).all()
    assert abs(shown[15, 41] - shown[15, 40]).max() > 150, "the stripes below are still told apart"
    assert tuple(shown[10, 30]) == BOX_COLOUR


def test_the_files_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "heatmaps").mkdir()
    heat = two_regions()
    images = np.full((2, SIDE, SIDE), 0.5, np.float32)
    write_masks(tmp_path, Samples(("a", "b"), images, np.stack([heat, np.zeros_like(heat)])), 1.0)
    stored = np.asarray(Image.open(tmp_path / "heatmaps" / "a_mask.png"))
    assert ((stored == 255) == mask_of(heat, 1.0)).all()
    assert not np.asarray(Image.open(tmp_path / "heatmaps" / "b_mask.png")).any()
    rows = list(csv.DictReader((tmp_path / BOXES_FILE).read_text().splitlines()))
    assert [(row["image"], row["top"], row["left"], row["area"]) for row in rows] == [
        ("a", "40", "5", "36"),
        ("a", "10", "30", "200"),
    ]
    assert (tmp_path / "heatmaps" / "b_marked.png").is_file()


def test_without_a_threshold_nothing_is_written(tmp_path: Path) -> None:
    write_masks(tmp_path, Samples(("a",), np.zeros((1, 8, 8), np.float32), np.zeros((1, 8, 8), np.float32)), None)
    assert list(tmp_path.iterdir()) == []
