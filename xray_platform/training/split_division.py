"""Split division: to which part each group of pictures goes: subjects by what is missing, large groups by size."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence

import pandas as pd

from xray_platform.errors import InputError
from xray_platform.tables.findings import NORMAL, classes_in
from xray_platform.training.split_settings import SplitSettings

FINDING_WEIGHT = 0.25  # of a single finding against normal or abnormal: rare findings must not leave a part without any


def divide_subjects(
    labelled: pd.DataFrame, rest: Sequence[str], taken: dict[str, str], settings: SplitSettings
) -> dict[str, str]:
    """Divide the groups `rest` one by one, each to where most is missing; `taken` are those that have a part already.

    `labelled` has the columns group, batch and findings.
    """
    stratum = _strata(labelled)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for group, part in taken.items():
        for name in (_kind(stratum[group]), stratum[group]):
            counts[name][part] += 1
    first_seen = labelled.groupby("group")["batch"].min()
    found: dict[str, str] = {}
    shares = settings.shares_of_the_rest
    for group in sorted(rest, key=lambda group: (first_seen[group], _lot(group, settings.seed))):
        own = ((counts[_kind(stratum[group])], 1.0), (counts[stratum[group]], FINDING_WEIGHT))
        found[group] = max(shares, key=lambda part, own=own: _lacking(part, shares[part], own))  # type: ignore[misc]
        for count, _ in own:
            count[found[group]] += 1
    return found


def _lacking(part: str, share: float, counts: Sequence[tuple[Counter[str], float]]) -> float:
    """Return how many subjects a part lacks of its share, by each of these counts with its weight."""
    return float(sum(weight * (share * (count.total() + 1) - count[part]) for count, weight in counts))


def _kind(stratum: str) -> str:
    """Return what both normal and abnormal are counted by, besides each finding; no finding is called so."""
    return "|normal" if stratum == NORMAL else "|abnormal"


def divide_whole_groups(
    labelled: pd.DataFrame, rest: Sequence[str], taken: dict[str, str], settings: SplitSettings
) -> dict[str, str]:
    """Divide large groups by their pictures: each part has one before any has two, the largest first, train first."""
    size = labelled.groupby("group").size()
    shares = settings.shares_of_the_rest
    count: Counter[str] = Counter()
    for group, part in taken.items():
        count[part] += int(size[group])
    found: dict[str, str] = {}
    for group in sorted(rest, key=lambda group: (-size[group], _lot(group, settings.seed))):
        wanted = count.total() + int(size[group])
        empty = [part for part in shares if not count[part]]
        part = empty[0] if empty else max(shares, key=lambda part: shares[part] * wanted - count[part])
        found[group] = part
        count[part] += int(size[group])
    if lacking := [part for part in shares if shares[part] and not count[part]]:
        raise InputError(
            f"divided by {settings.group_by} there are {len(found) + len(taken)} groups that share no subject; "
            f"nothing is left for {' and '.join(lacking)}"
        )
    return found


def _strata(labelled: pd.DataFrame) -> dict[str, str]:
    """Return the class by which each group is divided: the first of all its findings, or normal."""
    found: dict[str, str] = {}
    for group, text in zip(labelled["group"], labelled["findings"], strict=True):
        own = classes_in(text)[0]
        before = found.get(group, NORMAL)
        found[group] = own if before == NORMAL else min(before, own, key=lambda name: (name == NORMAL, name))
    return found


def _lot(group: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}|{group}".encode()).hexdigest()
