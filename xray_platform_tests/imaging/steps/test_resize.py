"""Resize: the asked size for any picture, the mean kept, black frames where the aspect is kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_platform.imaging.steps.resize import ResizeSettings

sides = st.integers(1, 70)


@given(rows=sides, columns=sides, to_rows=sides, to_columns=sides, keep=st.booleans())
def test_any_picture_gets_the_asked_size_and_no_new_extremes(
    rows: int, columns: int, to_rows: int, to_columns: int, keep: bool
) -> None:
    picture = np.random.default_rng(rows).integers(1000, 60000, (rows, columns)).astype(np.uint16)
    out = ResizeSettings(rows=to_rows, columns=to_columns, keep_aspect=keep).apply(picture)
    assert out.shape == (to_rows, to_columns)
    assert out.dtype == np.uint16
    inside = out[out > 0] if keep else out
    assert inside.min() >= picture.min()
    assert inside.max() <= picture.max()


@given(level=st.integers(0, 65535), rows=sides, columns=sides)
def test_a_constant_picture_stays_constant_inside_its_frame(level: int, rows: int, columns: int) -> None:
    settings = ResizeSettings(rows=33, columns=21)
    out = settings.apply(np.full((rows, columns), level, np.uint16))
    inner = settings.inner((rows, columns))
    assert (out == level).sum() == (33 * 21 if level == 0 else inner[0] * inner[1])
    assert set(np.unique(out)) <= {0, level}


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
def test_shrinking_by_a_whole_number_takes_the_mean_of_each_block(kind: str) -> None:
    picture = (np.random.default_rng(0).random((40, 60)) * 200).astype(kind)
    out = ResizeSettings(rows=10, columns=15).apply(picture)
    blocks = picture.reshape(10, 4, 15, 4).astype(np.float64).mean(axis=(1, 3))
    np.testing.assert_allclose(out, blocks, atol=1e-4 if kind == "float32" else 1)


def test_a_landscape_picture_lies_in_the_middle_of_its_frame() -> None:
    out = ResizeSettings(rows=20, columns=20).apply(np.full((10, 40), 9, np.uint16))
    assert (out[:7] == 0).all()
    assert (out[7:12] == 9).all()
    assert (out[12:] == 0).all()


def test_a_side_that_shrinks_is_averaged_even_where_the_other_grows() -> None:
    stripes = np.tile(np.array([[0], [60000]], np.uint16), (150, 7))
    out = ResizeSettings(rows=30, columns=48, keep_aspect=False).apply(stripes)
    assert set(np.unique(out)) == {30000}


@given(rows=st.integers(1, 600), columns=st.integers(1, 600), side=st.sampled_from([37, 64, 112, 224]))
def test_white_stays_white_in_real_numbers(rows: int, columns: int, side: int) -> None:
    settings = ResizeSettings(rows=side, columns=side)
    out = settings.apply(np.ones((rows, columns), np.float32))
    assert set(np.unique(out)) <= {np.float32(0), np.float32(1)}
