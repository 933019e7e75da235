"""Lines: a rise of probabilities that a verifier confirms becomes a rectangle around the whole line."""

from collections.abc import Iterable

import numpy as np
import pytest

from xray_platform.dicom.burned_in import lines
from xray_platform.dicom.burned_in.crops import Crops
from xray_platform.dicom.burned_in.lines import TextLine, cover_of
from xray_platform.dicom.burned_in.network import CHANNELS, Seen

SHAPE = (120, 240)


def lines_of(views: Iterable[Seen], shape: tuple[int, int]) -> tuple[TextLine, ...]:
    """Return the lines, where the verifier trusts the detector."""
    return lines.lines_of(views, shape, lambda _: 1.0)


def seen(cell: float = 4.0, **places: float) -> Seen:
    """Probabilities of writing: `rowA_B=0.9` sets columns A to B of row 10 of 30 x 60 cells."""
    probabilities = np.zeros((len(CHANNELS), 30, 60), np.float32)
    for name, probability in places.items():
        first, last = (int(each) for each in name.removeprefix("row").split("_"))
        probabilities[0, 10:13, first:last] = probability
    return Seen(probabilities, cell, np.zeros((120, 240), np.uint8))


def test_a_line_is_covered_whole_with_a_margin() -> None:
    (line,) = lines_of([seen(row20_40=0.9)], SHAPE)
    cover = cover_of([line], (120, 240))
    assert cover[40:52, 80:160].all()
    assert not cover[:34].any()
    assert not cover[60:].any()
    assert line.probability == pytest.approx(0.9)
    assert 12 <= line.height <= 28


def test_it_goes_on_where_its_probability_is_small() -> None:
    (line,) = lines_of([seen(row20_30=0.9, row30_50=0.3)], SHAPE)
    assert cover_of([line], (120, 240))[44, 80:200].all()


def test_what_stands_beside_a_line_belongs_to_it_with_less() -> None:
    def only_long(crops: Crops) -> float:
        return float((crops[0, 1] > 100).any(0).mean())

    for beside, count in ((seen(row20_40=0.9, row42_46=0.5), 2), (seen(row20_40=0.9, row54_58=0.5), 1)):
        assert len(lines.lines_of([beside], SHAPE, only_long)) == count
    assert lines.lines_of([seen(row42_46=0.5)], SHAPE, only_long) == (), "by itself it is none"


def test_what_is_set_apart_along_a_line_belongs_to_it_and_what_stands_below_does_not() -> None:
    def only_long(crops: Crops) -> float:
        return float((crops[0, 1] > 100).any(0).mean())

    along, below = seen(row10_30=0.9, row38_42=0.5), seen(row10_30=0.9)
    below.probabilities[0, 20:23, 18:22] = 0.5
    assert len(lines.lines_of([along], SHAPE, only_long)) == 2
    assert len(lines.lines_of([below], SHAPE, only_long)) == 1


def test_what_the_verifier_takes_for_something_else_is_no_line() -> None:
    assert lines.lines_of([seen(row20_40=0.9)], SHAPE, lambda _: 0.1) == ()
    (unlikely,) = lines.lines_of([seen(row20_40=0.4)], SHAPE, lambda _: 0.95)
    assert unlikely.probability == pytest.approx(0.4)


@pytest.mark.parametrize("probability", [0.0, 0.2, 0.28])
def test_nothing_likely_is_no_line(probability: float) -> None:
    assert lines_of([seen(row20_40=probability)], SHAPE) == ()


def test_a_lone_spark_is_no_line() -> None:
    spark = seen()
    spark.probabilities[0, 5, 5] = 1.0
    assert lines_of([spark], SHAPE) == ()


def test_places_are_in_pixels_at_every_size() -> None:
    (fine,), (coarse,) = (lines_of([seen(cell, row20_40=0.9)], (400, 800)) for cell in (2.0, 12.0))
    assert np.asarray(coarse.outline) / 6 == pytest.approx(np.asarray(fine.outline))


def test_a_slanting_line_gets_a_slanting_rectangle() -> None:
    slope = seen()
    for step in range(20):
        slope.probabilities[0, 3 + step : 6 + step, 10 + step] = 0.9
    (line,) = lines_of([slope], SHAPE)
    cover = cover_of([line], (120, 240))
    assert cover[4 * 12 + 8, 4 * 20 + 2]
    assert cover.sum() < 0.5 * (4 * 23) * (4 * 23), "much less than the upright rectangle around it"


def test_lines_know_their_height_whichever_way_they_run() -> None:
    upright = seen()
    upright.probabilities[0, 5:25, 10:13] = 0.9
    heights = [line.height for view in (seen(row20_40=0.9), upright) for line in lines_of([view], SHAPE)]
    assert heights[0] == heights[1] == pytest.approx(4 * (3 + 2 * 1.05), abs=1)


def test_what_hangs_on_a_long_edge_does_not_take_all_between() -> None:
    angle = seen()
    angle.probabilities[0, 2:5, 5:55] = 0.9
    angle.probabilities[0, 2:28, 52:55] = 0.9
    (line,) = lines_of([angle], SHAPE)
    cover = cover_of([line], SHAPE)
    assert cover[8:20, 20:220].all()
    assert cover[8:112, 208:220].all()
    assert not cover[40:, :190].any()


def test_a_coarser_view_of_the_same_line_adds_nothing_and_of_larger_letters_does() -> None:
    fine, coarse = seen(4.0, row20_40=0.9), seen(12.0)
    coarse.probabilities[0, 3:5, 7:13] = 0.9
    assert len(lines_of([fine, coarse], SHAPE)) == 1
    coarse.probabilities[0, 3:9, 2:18] = 0.9
    assert len(lines_of([fine, coarse], SHAPE)) == 2
