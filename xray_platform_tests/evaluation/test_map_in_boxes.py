"""Map in boxes: a map that points at the finding is told from one that does not; what is undefined is none."""

import numpy as np
import pytest

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
