"""Fit: from few upright chests comes a view classifier that tells positions of others apart."""

from collections.abc import Sequence

import numpy as np
import pytest

from xray_platform.dicom.anatomy.view_classifier import classify_view
from xray_platform.dicom.pixels.thumbnail import Thumbnail
from xray_platform.errors import DataError
from xray_platform.training.view.fit import LEAST, degraded, fit_view_classifier


def test_what_is_fitted_to_some_holds_for_others(chests: Sequence[Thumbnail]) -> None:
    weights = fit_view_classifier(chests[:LEAST])
    looks = [classify_view(chest, weights) for chest in chests[LEAST:]]
    turned = [classify_view(np.ascontiguousarray(1 - chest[::-1]), weights) for chest in chests[LEAST:]]
    assert all(look.chest > 0 and look.inverted < 0 and look.upside_down < 0 for look in looks)
    assert all(look.inverted > 0 for look in turned)


def test_the_same_pictures_and_seed_give_the_same_rendering(chests: Sequence[Thumbnail]) -> None:
    one, other = (degraded(chests[0], np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one, other)
    assert one.shape == chests[0].shape
    assert 0 <= one.min() <= one.max() <= 1


def test_too_few_pictures_are_refused(chests: Sequence[Thumbnail]) -> None:
    with pytest.raises(DataError, match="10 pictures"):
        fit_view_classifier(chests[:10])
