"""Border: the same share goes from each edge, and what lies within stays as it is."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from xray_platform.imaging.recipes import named_recipe
from xray_platform.imaging.steps.border import BorderSettings
from xray_platform_tests.imaging.chest import draw_chest


def test_a_tenth_goes_from_each_edge() -> None:
    picture = np.arange(20 * 50, dtype=np.uint16).reshape(20, 50)
    np.testing.assert_array_equal(BorderSettings(share=0.1).apply(picture), picture[2:18, 5:45])
    np.testing.assert_array_equal(BorderSettings(share=0.0).apply(picture), picture)


@given(st.integers(1, 60), st.integers(1, 60), st.floats(0, 0.499))
def test_something_is_left_of_any_picture_and_its_shape_is_known_before(rows: int, columns: int, share: float) -> None:
    step = BorderSettings(share=share)
    cut = step.apply(np.zeros((rows, columns), np.uint16))
    assert min(cut.shape) >= 1
    assert step.shape((rows, columns)) == cut.shape
    assert step.shape(None) is None


def test_equalised_knows_neither_the_edge_nor_the_tone_nor_the_frames_shape() -> None:
    """What stands in the border, any rising tone curve, and the sides' ratio leave the prepared picture as it is."""
    chest = draw_chest(400, 400)[0] // 2 + 1000
    recipe = named_recipe("equalised", 64)
    prepared = recipe.apply(chest).astype(float)
    lettered, toned = chest.copy(), (np.sqrt(chest / 65535) * 60000).astype(np.uint16)
    lettered[:20], lettered[:, -20:] = 65535, 0
    wide = np.repeat(chest, 2, axis=1)
    for other in (lettered, toned, wide):
        assert np.abs(recipe.apply(other) - prepared).mean() < 0.01 * 65535
