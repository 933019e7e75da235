"""Connected: both ways to label pieces find the same, however many pixels are set."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_platform.dicom import connected as module
from xray_platform.dicom.connected import connected, set_places


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0, 1), st.integers(0, 99))
def test_places_are_those_that_numpy_finds(rows: int, columns: int, share: float, seed: int) -> None:
    mask = (np.random.default_rng(seed).random((rows, columns)) < share).astype(np.uint8)
    assert np.array_equal(set_places(mask), np.flatnonzero(mask))


@pytest.mark.parametrize("sparse", [0.0, 1.0])
@pytest.mark.parametrize("share", [0.001, 0.05, 0.4, 1.0])
@pytest.mark.parametrize("shape", [(1, 50), (50, 1), (64, 37)])
def test_pieces_are_those_that_opencv_finds(
    monkeypatch: pytest.MonkeyPatch, sparse: float, share: float, shape: tuple[int, int]
) -> None:
    monkeypatch.setattr(module, "SPARSE", sparse)
    mask = (np.random.default_rng(1).random(shape) < share).astype(np.uint8)
    mask[0, 0] = 1
    places = set_places(mask)
    count, each = connected(mask, places)
    expected, labels = cv2.connectedComponents(mask, connectivity=8)
    assert count == expected - 1
    pairs = set(zip(each.tolist(), labels.ravel()[places].tolist(), strict=True))
    assert len(pairs) == count
