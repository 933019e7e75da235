"""Plates: a marker with initials beside it is one piece of lead, of which the initials are writing."""

import numpy as np
import pytest

from xray_platform.training.writing.fonts import FontSet
from xray_platform.training.writing.plates import INITIALS, MARKER, initials, plate
from xray_platform.training.writing.scene import Place, laid, marker


@pytest.mark.parametrize("degrees", [0.0, 90.0, 20.0])
@pytest.mark.parametrize("mirrored", [False, True])
def test_each_pixel_of_ink_belongs_to_the_marker_or_to_the_initials(
    fonts: FontSet, degrees: float, mirrored: bool
) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        letter, letters = marker(fonts, 40.0, "L", rng), initials(fonts, 20.0, rng)
        ink, parts = plate(letter, letters, degrees, rng, mirrored=mirrored)
        assert ink.shape == parts.shape
        assert set(np.unique(parts)) == {0, MARKER, INITIALS}
        assert (parts[ink > 128] > 0).all()
        assert (ink[parts == INITIALS].astype(float).sum()) == pytest.approx(letters.astype(float).sum(), rel=0.05)


def test_a_plate_across_the_edge_is_cut_there() -> None:
    parts = np.full((10, 20), MARKER, np.uint8)
    whole = laid(parts, (40, 40), Place(-4, 30))
    assert whole.sum() == 6 * 10
    assert whole[:6, 30:].all()
