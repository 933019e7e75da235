from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from xray_platform.imaging.repair.missing import MissingRegion, find_missing
from xray_platform_tests.imaging.repair.chest import chest, noisy, with_disc


def found_in(picture: NDArray[Any]) -> tuple[MissingRegion, ...]:
    levels = picture.reshape(*picture.shape[:2], -1).astype(np.float32)
    return find_missing(levels, np.ones(picture.shape[:2], bool))


@pytest.mark.parametrize(("level", "word"), [(0, "black"), (255, "white")])
@pytest.mark.parametrize("radius", [6, 12, 25])
def test_a_blank_disc_is_found_where_it_is(level: int, word: str, radius: int) -> None:
    regions = [region for region in found_in(with_disc(chest(), 100, 70, radius, level)) if region.confidence > 0.5]
    assert [(region.shape, region.level) for region in regions] == [("disc", word)]
    assert regions[0].centre == pytest.approx((100, 70), abs=1)
    assert regions[0].radius == pytest.approx(radius, abs=1)
    assert regions[0].mask[70, 100]
    assert regions[0].mask[70, 100 + radius + 2], "JPEG bleeds over its edge"
    assert not regions[0].mask[70, 100 + radius + 4]
    assert not regions[0].mask[70, 100 - radius - 6]


def test_black_air_beside_the_body_is_not_missing() -> None:
    assert all(region.confidence < 0.5 for region in found_in(chest()))


def test_noise_does_not_look_like_a_hole() -> None:
    assert all(region.confidence < 0.5 for region in found_in(noisy(chest(), 40)))


def test_a_square_marker_is_less_sure_than_a_disc() -> None:
    marked = chest()
    marked[60:80, 90:120] = 255
    regions = found_in(marked)
    assert [region.shape for region in regions] == ["region"]
    assert regions[0].confidence < 0.5
