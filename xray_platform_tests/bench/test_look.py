"""The benchmark of the look: degraded pictures are noticed, sound ones are not, and training subjects are left out."""

from collections.abc import Sequence

import numpy as np
import pytest

from xray_platform.bench.look import LOOK, _shares
from xray_platform.dicom.pixels.thumbnail import Thumbnail
from xray_platform_tests.dicom.anatomy.conftest import chest


@pytest.fixture(scope="module")
def chests() -> Sequence[Thumbnail]:
    return [chest(seed) for seed in range(20)]


def test_alarms_are_rare_and_wrong_pictures_noticed(chests: Sequence[Thumbnail]) -> None:
    shares = _shares(chests)
    assert all(0 <= share <= 1 for share in shares.values())
    assert shares["false alarm, inverted or turned (Q049)"] == 0
    assert shares["noticed, inverted"] == shares["noticed, upside down"] == 1


def test_what_is_sound_but_upside_down_is_an_alarm(chests: Sequence[Thumbnail]) -> None:
    upset = [np.ascontiguousarray(chest[::-1]) for chest in chests]
    assert _shares(upset)["false alarm, inverted or turned (Q049)"] == 1


def test_it_says_what_it_needs() -> None:
    assert "manifest.csv" in LOOK.needs
