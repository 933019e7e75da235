"""A line goes on where dark ink fades into air; what is faint and small needs less to be one."""

import numpy as np
import pytest

from xray_platform.dicom.burned_in import lines
from xray_platform.dicom.burned_in.find import find_writing
from xray_platform.dicom.burned_in.lines import cover_of
from xray_platform.dicom.burned_in.network import CHANNELS, Seen
from xray_platform.dicom.burned_in.reach import faded_ends
from xray_platform_tests.dicom.burned_in.drawing import Pixels, burn, chest, letters, uncovered

HIGH, WIDE = 30, 60  # cells


def view(grey: Pixels | None = None, cell: float = 4.0, **places: float) -> Seen:
    """Probabilities of writing: `rowA_B=0.9` sets columns A to B of rows 10 to 12 of 30 x 60 cells."""
    probabilities = np.zeros((len(CHANNELS), HIGH, WIDE), np.float32)
    for name, probability in places.items():
        first, last = (int(each) for each in name.removeprefix("row").split("_"))
        probabilities[0, 10:13, first:last] = probability
    return Seen(probabilities, cell, np.zeros((4 * HIGH, 4 * WIDE), np.uint8) if grey is None else grey)


def inked(level: int, behind: int, air: int | None = None) -> Pixels:
    """A grey picture with strokes of one level in columns 10 to 30 of the cells; `air` fills it from column 30 on."""
    grey = np.full((4 * HIGH, 4 * WIDE), behind, np.uint8)
    if air is not None:
        grey[:, 120:] = air
    grey[41:51, 41:119:3] = level
    return grey


def line() -> Pixels:
    """The cells of rows 10 to 12 and columns 10 to 30."""
    cells = np.zeros((HIGH, WIDE), bool)
    cells[10:13, 10:30] = True
    return cells


def test_dark_ink_goes_on_into_air_in_which_it_cannot_be_seen() -> None:
    seen = view(inked(8, behind=60, air=4), row10_30=0.9)
    more = faded_ends(line(), seen)
    assert more[11, 30:38].all()
    assert not more[:, :10].any(), "at the other end it would be seen"
    assert not more[:, 41:].any()
    (found,) = lines.lines_of([seen], (120, 240), lambda _: 1.0)
    assert cover_of([found], (120, 240))[44, 120:140].all()


@pytest.mark.parametrize(
    ("ink", "behind", "air"), [(255, 60, 4), (255, 200, 250), (8, 60, 60), (60, 100, 4), (120, 160, 124), (8, 180, 4)]
)
def test_bright_ink_and_ink_that_would_be_seen_end_where_they_end(ink: int, behind: int, air: int) -> None:
    assert not faded_ends(line(), view(inked(ink, behind, air), row10_30=0.9)).any()


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_dark_name_that_runs_out_of_the_body_into_air_is_covered_whole(turns: int) -> None:
    plain = np.full((512, 512), 70, np.uint8)
    plain[:120] = 230
    plain[:, 330:] = 3
    ink = letters("BERGMANN", 30)
    first = 300 - round(0.6 * ink.shape[1])
    burnt = burn(plain, ink, 200, first, 2)
    where = np.zeros(plain.shape, bool)
    where[200 : 200 + ink.shape[0], first : first + ink.shape[1]] = ink > 0.4
    found = find_writing(np.ascontiguousarray(np.rot90(burnt, turns)))
    assert found.cover[np.rot90(where, turns)].mean() > 0.95


def test_small_faint_writing_in_the_finest_view_needs_less() -> None:
    def unsure(_: object) -> float:
        return 0.25  # with 0.88 of the detector's: 0.71 together

    faint, strong = inked(140, behind=100), inked(255, behind=100)
    assert len(lines.lines_of([view(faint, row10_30=0.88)], (120, 240), unsure)) == 1
    assert lines.lines_of([view(strong, row10_30=0.88)], (120, 240), unsure) == ()
    assert lines.lines_of([view(row10_30=0.88)], (120, 240), unsure) == (), "nothing but even grey"
    assert lines.lines_of([view(faint, row12_16=0.88)], (120, 240), unsure) == (), "a speck"
    above = view(faint[:60, :120], 2.0)
    coarse = view(faint, 4.0, row10_30=0.88)
    assert lines.lines_of([above, coarse], (120, 240), unsure) == (), "larger things are often faint"


@pytest.mark.parametrize("marker", ["L", "R"])
@pytest.mark.parametrize("size", [20, 40])
def test_a_faint_lone_side_marker_is_still_no_writing(marker: str, size: int) -> None:
    plain = np.maximum(chest(), 60)
    assert find_writing(burn(plain, letters(marker, size), 40, -60, 100)).lines == ()


def test_a_marker_along_a_name_in_the_dark_stays() -> None:
    plain = chest(air=160)
    marked = burn(plain, letters("L", 48), 60, -40)
    found = find_writing(burn(marked, letters("SMITH^JOHN 1961", 24), 70, 40))
    assert uncovered(burn(plain, letters("SMITH^JOHN 1961", 24), 70, 40), plain) < 0.02
    assert not found.cover[50:120, -60:].any()
