"""Turning: eight cases come out alike, a turn and its inverse do nothing, boxes go where their pixels go."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_platform.bounding_box import BoundingBox
from xray_platform.dicom.pixels.orientation import TURNS, Turn, stated_orientation, turn_to_front

turns = st.builds(Turn, st.booleans(), st.booleans(), st.booleans())
shapes = st.tuples(st.integers(1, 9), st.integers(1, 9))

# Written down in the reference independently of the code: what to do with an array of each orientation.
BY_HAND = {
    ("L", "F"): lambda a: a,
    ("R", "F"): np.fliplr,
    ("L", "H"): np.flipud,
    ("R", "H"): lambda a: np.rot90(a, 2),
    ("F", "L"): lambda a: a.T,
    ("H", "L"): lambda a: a.T[::-1],
    ("F", "R"): lambda a: a.T[:, ::-1],
    ("H", "R"): lambda a: a.T[::-1, ::-1],
}


@pytest.mark.parametrize("orientation", list(TURNS))
def test_each_orientation_is_turned_as_the_reference_says(orientation: tuple[str, str]) -> None:
    picture = np.arange(12).reshape(3, 4)
    expected = BY_HAND[orientation](picture)
    np.testing.assert_array_equal(TURNS[orientation].apply(picture), expected)


def test_a_picture_comes_out_the_same_however_it_was_turned_before() -> None:
    front = np.arange(20).reshape(4, 5)
    for orientation, turn in TURNS.items():
        came = turn.inverse().apply(front)
        np.testing.assert_array_equal(turn.apply(came), front, err_msg=str(orientation))


def test_the_eight_turns_are_all_different() -> None:
    assert len({turn.apply(np.arange(6).reshape(2, 3)).tobytes() for turn in TURNS.values()}) == 8


@given(turns, shapes)
def test_a_turn_and_its_inverse_do_nothing(turn: Turn, shape: tuple[int, int]) -> None:
    picture = np.arange(shape[0] * shape[1]).reshape(shape)
    np.testing.assert_array_equal(turn.inverse().apply(turn.apply(picture)), picture)
    np.testing.assert_array_equal(turn.apply(turn.inverse().apply(picture)), picture)
    assert turn.inverse().inverse() == turn


@given(turns, shapes, st.data())
def test_a_box_goes_where_its_pixels_go(turn: Turn, shape: tuple[int, int], data: st.DataObject) -> None:
    rows, columns = shape
    top, left = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    height, width = data.draw(st.integers(1, rows - top)), data.draw(st.integers(1, columns - left))
    marked = np.zeros(shape, int)
    marked[top : top + height, left : left + width] = 1

    box = turn.box(BoundingBox(top, left, height, width), rows, columns)

    turned = np.zeros_like(turn.apply(marked))
    turned[int(box.top) : int(box.top + box.height), int(box.left) : int(box.left + box.width)] = 1
    np.testing.assert_array_equal(turned, turn.apply(marked))
    assert turn.inverse().box(box, *turned.shape) == BoundingBox(top, left, height, width)


@given(turns)
def test_spacing_follows_the_rows_and_columns(turn: Turn) -> None:
    assert turn.pair(0.1, 0.2) == ((0.2, 0.1) if turn.transpose else (0.1, 0.2))
    assert turn.inverse().pair(*turn.pair(0.1, 0.2)) == (0.1, 0.2)


@pytest.mark.parametrize(
    ("values", "stated"),
    [
        (("L", "F"), ("L", "F")),
        (("LP", "FA"), ("L", "F")),
        (("A", "F"), ("A", "F")),
        (("L", "R"), None),
        (("L", "L"), None),
        (("L",), None),
        (("", ""), None),
        (("X", "F"), None),
        ((), None),
    ],
)
def test_only_a_pair_of_directions_at_right_angles_is_an_orientation(
    values: tuple[str, ...], stated: tuple[str, str] | None
) -> None:
    assert stated_orientation(values) == stated


def test_a_lateral_orientation_is_not_turned_to_the_front() -> None:
    assert turn_to_front(("A", "F")) is None
    assert turn_to_front(None) is None


def test_says_in_words_what_it_does() -> None:
    assert Turn().describe() == "as it was"
    assert TURNS["F", "R"].describe() == "rows and columns exchanged, left and right exchanged"
