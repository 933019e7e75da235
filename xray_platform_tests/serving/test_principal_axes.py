"""A few numbers tell where an embedding lies: along the axes in which what was learnt differs most."""

import numpy as np

from xray_platform.serving.principal_axes import MOST, principal_axes


def test_what_differs_is_kept_in_order_and_lengths_stay() -> None:
    rng = np.random.default_rng(0)
    spread = np.array([1.0, 9.0, 0.0, 3.0])
    seen = (rng.normal(size=(500, 4)) * spread + 5).astype(np.float32)
    along = principal_axes(seen).along(seen)
    assert along.shape == (500, 3)
    assert np.allclose(along.std(axis=0), [9, 3, 1], rtol=0.15)
    assert np.allclose(along.mean(axis=0), 0, atol=1e-3)
    assert np.allclose(np.linalg.norm(along[3] - along[9]), np.linalg.norm(seen[3] - seen[9]), rtol=1e-4)


def test_no_more_than_so_many_and_the_same_in_any_order() -> None:
    seen = (np.random.default_rng(1).normal(size=(100, 64)) * 0.9 ** np.arange(64)).astype(np.float32)
    first, again = principal_axes(seen), principal_axes(seen[::-1])
    assert len(first.axes) == MOST
    assert np.allclose(first.axes[:8], again.axes[:8], atol=1e-3)


def test_images_that_are_all_the_same_have_no_axes() -> None:
    assert principal_axes(np.ones((5, 7), np.float32)).along(np.ones((2, 7), np.float32)).shape == (2, 0)
