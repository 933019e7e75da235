"""A heat map lies over the picture as it came: a spot in the map is where it is in the picture, however turned."""

import numpy as np
import pytest

from xray_platform.dicom.pixels.orientation import TURNS, Turn
from xray_platform.imaging.recipe import default_recipe
from xray_platform.serving.heatmap_picture import HeatmapPicture, MapScale, Placement, heatmap_picture
from xray_platform_tests.pngs import grey_of

SPOT = (60, 300)
SIDE = 96
SCALE = MapScale(0.0, 1.0, shared=True)


def laid(turn: Turn, most_pixels: int | None = None) -> HeatmapPicture:
    """The map of a picture of 240 x 400 pixels that is as bright as the picture itself."""
    down, right = np.mgrid[:240, :400]
    came = np.round(60000 * np.exp(-((down - SPOT[0]) ** 2 + (right - SPOT[1]) ** 2) / 300)).astype(np.uint16)
    upright = np.ascontiguousarray(turn.apply(came))
    trace = default_recipe(SIDE).trace(upright, window=(0, 60000))
    placement = Placement(trace.origin, len(upright), len(upright[0]), turn)
    return heatmap_picture((trace.pixels / 65535).astype(np.float32), placement, SCALE, most_pixels)


def brightest(png: bytes) -> tuple[float, float]:
    grey = grey_of(png).astype(float)
    weight = np.where(grey > 128, grey, 0)
    down, right = np.mgrid[: grey.shape[0], : grey.shape[1]]
    return float((down * weight).sum() / weight.sum()), float((right * weight).sum() / weight.sum())


@pytest.mark.parametrize("turn", TURNS.values(), ids=lambda turn: turn.describe())
def test_a_spot_is_where_it_came(turn: Turn) -> None:
    picture = laid(turn)
    grey = grey_of(picture.png)
    assert grey.dtype == np.uint8
    assert grey.shape == (picture.rows, picture.columns) == (240, 400)
    assert brightest(picture.png) == pytest.approx(SPOT, abs=2.5)
    rows, columns = zip(*picture.seen, strict=True)
    assert (min(rows), max(rows), min(columns), max(columns)) == pytest.approx((-0.5, 239.5, -0.5, 399.5), abs=3)


def test_a_smaller_one_covers_the_same_picture() -> None:
    picture = laid(Turn(), 100)
    grey = grey_of(picture.png)
    assert (picture.rows, picture.columns, grey.shape) == (240, 400, (60, 100))
    assert brightest(picture.png) == pytest.approx((SPOT[0] / 4, SPOT[1] / 4), abs=1)


def test_both_ends_of_the_scale_are_black_and_white() -> None:
    placement = Placement(default_recipe(4).trace(np.eye(4, dtype=np.uint16), (0, 1)).origin, 4, 4)
    heat = np.array([[-5, 0, 1, 2], [3, 4, 5, 6], [7, 8, np.nan, 10], [0, 0, 0, 0]], np.float32)
    picture = heatmap_picture(heat, placement, MapScale(2.0, 6.0, shared=True))
    grey = grey_of(picture.png)
    assert grey[:2].tolist() == [[0, 0, 0, 0], [64, 128, 191, 255]]
    assert grey[2].tolist() == [255, 255, 0, 255]
    flat = heatmap_picture(heat, placement, MapScale(6.0, 6.0, shared=False))
    assert not grey_of(flat.png).any()


def test_what_the_model_did_not_see_is_black() -> None:
    from xray_platform.imaging.affine import Affine

    placement = Placement(Affine.moved(50, 60), 200, 200)
    picture = heatmap_picture(np.ones((40, 40), np.float32), placement, SCALE)
    grey = grey_of(picture.png)
    assert (grey[50:90, 60:100] == 255).all()
    assert int((grey > 0).sum()) == 1600
    assert picture.seen[0] == (49.5, 59.5)
    assert picture.seen[2] == (89.5, 99.5)
