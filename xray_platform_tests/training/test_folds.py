"""Folds: nobody is in two of them, each has both kinds, and too few subjects are refused in words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_platform.errors import DataError
from xray_platform.training.folds import assign_folds, parts_of_fold


@given(st.integers(0, 1000), st.integers(3, 8))
def test_subjects_stay_together_and_no_fold_lacks_a_kind(seed: int, folds: int) -> None:
    rng = np.random.default_rng(seed)
    subjects = [f"s{number}" for number in rng.integers(0, 80, 300)]
    abnormal = np.array([int(one[1:]) % 2 == 0 for one in subjects])
    assigned = assign_folds(subjects, abnormal, folds, seed)
    owners = {one: set(assigned[np.array(subjects) == one]) for one in subjects}
    assert all(len(found) == 1 for found in owners.values())
    for fold in range(1, folds + 1):
        assert set(abnormal[assigned == fold]) == {True, False}


def test_each_fold_is_judged_once_and_validates_once() -> None:
    assigned = np.array([1, 2, 3, 4, 4])
    parts = np.array([parts_of_fold(assigned, fold) for fold in range(1, 5)])
    assert (parts == "test").sum(axis=0).tolist() == [1] * 5
    assert (parts == "val").sum(axis=0).tolist() == [1] * 5


def test_too_few_subjects_are_refused() -> None:
    with pytest.raises(DataError, match="abnormal pictures come from 2 subjects; 3 folds"):
        assign_folds(list("aabbcde"), np.array([1, 1, 1, 1, 0, 0, 0], bool), 3)
