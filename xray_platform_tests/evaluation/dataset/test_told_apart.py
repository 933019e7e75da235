"""Embeddings of two groups are told apart where they differ, and by chance no more often than promised."""

import numpy as np
import pytest
from numpy.typing import NDArray

from xray_platform.evaluation.dataset.told_apart import told_apart


def people(number: int, seed: int, moved: float = 0.0) -> NDArray[np.float32]:
    """Return so many embeddings of 32 numbers, moved so many spreads in a direction that no single number shows."""
    drawn = np.random.default_rng(seed).normal(size=(number, 32)) * np.linspace(3, 0.3, 32)
    return np.asarray(drawn + moved * np.linspace(3, 0.3, 32) / np.sqrt(32), np.float32)


def test_where_nothing_differs_chance_is_as_rare_as_promised() -> None:
    found = [told_apart(people(60, 2 * n), people(300, 2 * n + 1)) for n in range(200)]
    assert np.mean([one.p < 0.05 for one in found]) <= 0.09  # 200 trials at 0.05
    assert np.mean([one.auroc for one in found]) == pytest.approx(0.5, abs=0.02)
    assert sum(one.p < 0.01 and one.change >= 0.2 for one in found) <= 6


def test_a_difference_in_all_numbers_a_little_is_found() -> None:
    found = told_apart(people(200, 1, moved=1.5), people(800, 2))
    assert found.p < 0.001
    assert found.change > 0.2
    assert found.auroc > 0.7


def test_it_is_the_same_each_time_and_does_not_mind_numbers_that_never_differ() -> None:
    new, old = (np.pad(side, ((0, 0), (0, 2))) for side in (people(40, 1), people(90, 2)))
    assert told_apart(new, old) == told_apart(new, old)


@pytest.mark.parametrize(("new", "old"), [(4, 4), (30, 5000), (5000, 30)])
def test_small_and_lopsided_groups_have_an_answer(new: int, old: int) -> None:
    found = told_apart(people(new, 1), people(old, 2))
    assert 0 <= found.p <= 1
    assert found.change >= 0
