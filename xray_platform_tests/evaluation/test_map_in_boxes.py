"""Map in boxes: a map that points at the finding is told from one that does not; what is undefined is none."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, jaccard_score

from xray_platform.bounding_box import BoundingBox
from xray_platform.evaluation.heatmap import MapScale
from xray_platform.evaluation.map_in_boxes import (
    ALL,
    FindingBox,
    box_mask,
    boxes_inside,
    by_finding,
    hold_against,
    points_into,
)
from xray_platform.evaluation.pixel_overlap import iou_dice, per_region_overlap
from xray_platform.image_stack import Images

SCALE = MapScale(low=0.5, high=1.0)
MASS = FindingBox("mass", BoundingBox(4, 8, 8, 4))
NODULE = FindingBox("nodule", BoundingBox(20, 20, 4, 4))


def spot(row: int, column: int) -> Images:
    heat = np.zeros((32, 32), np.float32)
    heat[row, column] = 1
    return heat


def test_a_map_is_held_against_the_boxes_of_each_finding_and_of_all() -> None:
    held = {one.finding: one for one in hold_against(spot(5, 9), [MASS, NODULE], SCALE)}
    assert [held[name].hit for name in ("mass", "nodule", ALL)] == [True, False, True]
    assert [held[name].share for name in ("mass", "nodule", ALL)] == [1, 0, 1]
    assert [held[name].area for name in ("mass", "nodule", ALL)] == [32 / 1024, 16 / 1024, 48 / 1024]
    assert held["mass"].auroc == pytest.approx(0.5 + 0.5 / 32)


def test_hits_and_means_of_a_finding() -> None:
    maps = [hold_against(spot(5, 9), [MASS], SCALE), hold_against(spot(30, 30), [MASS, MASS], SCALE)]
    (found,) = by_finding(one for held in maps for one in held)
    assert (found.finding, found.pictures, found.boxes, found.hits, found.hit_share) == ("mass", 2, 3, 1, 0.5)
    assert (found.share, found.area) == (0.5, 32 / 1024)
    more = [*(one for held in maps for one in held), *hold_against(spot(21, 21), [NODULE], SCALE)]
    assert [(one.finding, one.hits) for one in by_finding(more)] == [("mass", 1), ("nodule", 1), (ALL, 2)]


def test_a_map_without_height_points_nowhere_and_has_no_colour() -> None:
    flat = np.full((32, 32), 0.2, np.float32)
    whole = FindingBox("mass", BoundingBox(0, 0, 32, 32))
    assert not points_into(flat, box_mask([whole.box], 32))
    (held, _) = hold_against(flat, [whole], SCALE)
    assert (held.hit, held.share, held.auroc) == (False, None, None)
    assert hold_against(spot(1, 1), [MASS], None)[0].share is None
    assert hold_against(spot(1, 1), [], SCALE) == ()


def test_a_box_narrower_than_a_pixel_is_a_pixel_and_one_that_is_cut_off_is_none() -> None:
    assert np.argwhere(box_mask([BoundingBox(3.4, 31.9, 0.1, 0.1)], 32)).tolist() == [[3, 31]]
    kept = boxes_inside(
        [FindingBox("mass", BoundingBox(-4, 28, 8, 8)), FindingBox("mass", BoundingBox(40, 2, 4, 4))], 32
    )
    assert kept == (FindingBox("mass", BoundingBox(0, 28, 4, 4)),)


def test_overlap_is_that_of_scikit_learn_and_of_a_worked_example() -> None:
    colour, drawn = np.random.default_rng(1).random((2, 32, 32)) > 0.7
    iou, dice = iou_dice(colour, drawn)
    assert iou == pytest.approx(jaccard_score(drawn.ravel(), colour.ravel()))
    assert dice == pytest.approx(f1_score(drawn.ravel(), colour.ravel()))
    assert iou_dice(np.zeros((2, 2), bool), np.zeros((2, 2), bool)) == (0, 0)
    heat = np.zeros((32, 32), np.float32)
    heat[4:12, 8:12] = 1.0
    heat[4:12, 12:16] = 0.6  # as much beside the box
    (held, _) = hold_against(heat, [MASS], SCALE)
    assert held.iou == pytest.approx(0.5)
    assert held.dice == pytest.approx(2 / 3)
    assert held.ap == pytest.approx(1.0)


def test_per_region_overlap_counts_small_boxes_as_much_as_large_ones() -> None:
    small, large = (box_mask([box.box], 32) for box in (NODULE, MASS))
    noise = np.random.default_rng(2).random((32, 32)).astype(np.float32)
    perfect = np.where(small | large, np.float32(2), noise)
    only_small = np.where(small, np.float32(2), np.where(large, np.float32(-1), noise))
    assert per_region_overlap(perfect, [small, large]) == pytest.approx(1)
    assert per_region_overlap(only_small, [small, large]) == pytest.approx(0.5)
    blind = [
        per_region_overlap(np.random.default_rng(n).random((64, 64)).astype("f4"), [np.eye(64, dtype=bool)])
        for n in range(20)
    ]
    assert np.mean([one for one in blind if one is not None]) == pytest.approx(0.15, abs=0.02)
    assert per_region_overlap(noise, [np.ones((32, 32), bool)]) is None
