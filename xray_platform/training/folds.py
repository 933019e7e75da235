"""Folds: divide pictures so that each subject is in one fold, and each fold has its share of normal and abnormal."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from xray_platform.errors import DataError


def assign_folds(subjects: Sequence[str], abnormal: NDArray[np.bool_], folds: int, seed: int = 0) -> NDArray[np.int64]:
    """Return the fold of each picture, (N,), 1 to `folds`; the same seed gives the same folds.

    Raises DataError where normal or abnormal pictures come from fewer subjects than there are folds.

    >>> subjects = ["a", "a", "b", "c", "d", "e", "f"]
    >>> folds = assign_folds(subjects, np.array([1, 1, 0, 1, 0, 1, 0], bool), 3)
    >>> sorted(set(folds.tolist())), bool(folds[0] == folds[1])
    ([1, 2, 3], True)
    """
    owners = np.asarray(subjects, dtype=object)
    for name, flag in (("normal", False), ("abnormal", True)):
        if (found := len(set(owners[abnormal == flag]))) < folds:
            raise DataError(f"{name} pictures come from {found} subjects; {folds} folds need as many at least")
    assigned = np.zeros(len(owners), np.int64)
    divided = StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(owners, abnormal, owners)
    for number, (_, members) in enumerate(divided, start=1):
        assigned[members] = number
    return assigned


def parts_of_fold(assigned: NDArray[np.int64], fold: int) -> NDArray[np.str_]:
    """Return the part of each picture, (N,), where a fold is the test part: the one after it validates.

    >>> parts_of_fold(np.array([1, 2, 3, 1]), 3).tolist()
    ['val', 'train', 'test', 'val']
    """
    following = fold % int(assigned.max()) + 1
    return np.where(assigned == fold, "test", np.where(assigned == following, "val", "train"))
