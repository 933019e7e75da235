"""Where maps lie, how alike they are, what lies in the lungs; and that the report shows it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import center_of_mass
from scipy.stats import pearsonr, spearmanr

from xray_platform.evaluation.heatmap import MapScale
from xray_platform.evaluation.map_statistics import MOST_CLASSES, OTHERS, RandomisedMaps, likeness, map_statistics
from xray_platform.evaluation.report import MAP_ROWS_FILE, MAPS_FILE, write_report
from xray_platform.evaluation.report_input import ReportInput
from xray_platform.image_stack import Images
from xray_platform.lung_fields import find_lungs, lung_mask
from xray_platform_tests.detectors.chests import SIDE, chests
from xray_platform_tests.evaluation.invented import evaluation
from xray_platform_tests.evaluation.test_report import Page

SCALE = MapScale(low=0.0, high=1.0)
CHESTS = chests(20, seed=1)
NAMES = [f"{number:016x}" for number in range(20)]


def blob(row: float, column: float, sd: float = 4.0) -> Images:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.asarray(np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * sd**2)), np.float32)


def in_lungs() -> Images:
    return np.stack([blob(34, 20 + number % 3) for number in range(20)])


def test_the_centre_is_that_of_scipy_and_the_spread_that_of_the_blob() -> None:
    found = map_statistics(NAMES, ["normal"] * 20, CHESTS, np.stack([blob(20.0, 40.0)] * 20), SCALE)
    row, column = center_of_mass(blob(20.0, 40.0))
    assert found.rows["row"].iloc[0] == pytest.approx((row + 0.5) / SIDE)
    assert found.classes[0].column == pytest.approx((column + 0.5) / SIDE)
    assert found.classes[0].spread == pytest.approx(np.sqrt(2) * 4.0 / SIDE, rel=0.02)
    assert found.mean_maps["normal"] == pytest.approx(blob(20.0, 40.0), abs=1e-6)


def test_weight_in_the_lungs_is_told_from_weight_beside_them() -> None:
    lungs = find_lungs(CHESTS[0])
    mask = lung_mask(CHESTS[0].shape, lungs)
    assert CHESTS[0][mask].mean() < CHESTS[0][~mask].mean() - 0.15, "the lungs are what is dark"
    inside = map_statistics(NAMES, ["a"] * 20, CHESTS, in_lungs(), SCALE).classes[0]
    outside = map_statistics(NAMES, ["a"] * 20, CHESTS, np.stack([blob(3, 3)] * 20), SCALE).classes[0]
    assert inside.lungs_found == 20
    assert inside.lung_share is not None
    assert outside.lung_share is not None
    assert inside.lung_area is not None
    assert inside.lung_share > 0.75 > inside.lung_area > 0.1 > outside.lung_share
    everywhere = map_statistics(NAMES, ["a"] * 20, CHESTS, np.ones((20, SIDE, SIDE), np.float32), SCALE).classes[0]
    assert everywhere.lung_share == pytest.approx(everywhere.lung_area)


def test_maps_of_a_class_that_are_alike_are_told_from_those_of_another() -> None:
    left, right = np.stack([blob(30, 18)] * 10), np.stack([blob(30, 46)] * 10)
    maps = np.concatenate([left, right]) + np.random.default_rng(1).normal(0, 0.01, (20, SIDE, SIDE)).astype("f4")
    found = map_statistics(NAMES, ["a"] * 10 + ["b"] * 10, CHESTS, maps, SCALE)
    for one in found.classes:
        assert one.within is not None
        assert one.across is not None
        assert one.within > 0.95 > 0.2 > one.across
    figures = found.figures()
    assert figures["test/maps/alike_within_classes"] > figures["test/maps/alike_across_classes"]


def test_the_correlation_is_that_of_scipy() -> None:
    maps = np.random.default_rng(2).random((2, 16, 16)).astype(np.float32)
    both = map_statistics(NAMES[:2], ["a", "a"], CHESTS[:2, :16, :16], maps, None)
    assert both.classes[0].within == pytest.approx(pearsonr(maps[0].ravel(), maps[1].ravel())[0], abs=1e-6)
    assert likeness(maps[:1], maps[1:]) == pytest.approx(spearmanr(maps[0].ravel(), maps[1].ravel())[0], abs=1e-6)
    assert likeness(maps, maps) == pytest.approx(1)
    assert likeness(maps, np.zeros_like(maps)) == 0, "a map of which nothing is left is like none"


@pytest.mark.parametrize("maps", [np.zeros((20, SIDE, SIDE), np.float32), np.full((20, SIDE, SIDE), np.nan, "f4")])
def test_maps_without_colour_have_no_place_and_the_report_says_so(maps: Images, tmp_path: Path) -> None:
    found = map_statistics(NAMES, ["normal"] * 20, np.zeros_like(CHESTS), maps, SCALE)
    (one,) = found.classes
    assert (one.coloured, one.row, one.within, one.across, one.lung_share) == (0, None, None, None, None)
    page = Page(write_report(tmp_path, ReportInput(evaluation(), maps=found)).read_text()).text
    assert "No map has any colour." in page
    assert "20 without colour" in page
    assert json.loads((tmp_path / MAPS_FILE).read_text())["classes"][0]["row"] is None


def test_many_classes_are_few_and_others() -> None:
    classes = [f"finding {min(number // 2, 8)}" for number in range(20)]
    found = map_statistics(NAMES, classes, CHESTS, in_lungs(), SCALE)
    assert len(found.classes) == MOST_CLASSES + 1
    assert found.classes[-1].name == OTHERS
    assert sum(one.pictures for one in found.classes) == 20


def test_the_report_shows_them_and_escapes_what_a_class_is_called(tmp_path: Path) -> None:
    evil = "<script>alert('DOE^JANE')</script>"
    randomised = (RandomisedMaps(groups=1, of=6, likeness=0.81), RandomisedMaps(groups=6, of=6, likeness=0.12))
    found = map_statistics(
        NAMES, ["normal"] * 10 + [evil] * 10, CHESTS, in_lungs(), SCALE, of=300, randomised=randomised
    )
    html = write_report(tmp_path, ReportInput(evaluation(), maps=found)).read_text()
    text = Page(html).text
    assert evil not in html
    assert "<script" not in html
    assert "20 test pictures, drawn by chance from 300" in text
    assert "0.810 (1 of 6 groups), 0.120 (all of 6 groups)." in text
    assert len(pd.read_csv(tmp_path / MAP_ROWS_FILE)) == 20
    for form in ("png", "svg"):
        assert (tmp_path / "images" / f"class_maps.{form}").stat().st_size > 1000
    assert found.figures()["test/maps/alike_with_random_weights"] == 0.12
