"""A contact sheet shows every phantom once, with its findings framed when asked."""

import numpy as np
import pytest

from xray_platform.errors import InputError
from xray_platform.phantoms.phantom import FindingBox, Phantom
from xray_platform.phantoms.phantom_sheet import BOX_COLOUR, phantom_sheet

GREY = Phantom(np.full((64, 48), 2048, dtype=np.uint16), "nodule", (FindingBox(20, 10, 16, 16, "nodule"),), 1.0)


def test_five_phantoms_in_two_columns_fill_three_rows() -> None:
    sheet = phantom_sheet([GREY] * 5, columns=2, cell=64, boxes=False)
    assert sheet.shape == (192, 128, 3)
    assert sheet.dtype == np.uint8
    assert (sheet[32, 32] == 128).all()
    assert not sheet[160, 96].any()


def test_boxes_are_framed_where_they_are() -> None:
    sheet = phantom_sheet([GREY], columns=1, cell=64)
    assert tuple(sheet[20, 8 + 18]) == BOX_COLOUR  # the picture is 48 wide and stands in the middle
    assert tuple(sheet[28, 8 + 18]) == (128, 128, 128)


def test_a_sheet_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="at least one is needed"):
        phantom_sheet([])
