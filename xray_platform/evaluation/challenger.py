"""Challenger: whether a model is better than another on the same pictures by more than chance, and worse nowhere.

Better: the two models' ranks of all pictures are swapped by subject at random; of equal models every swap is as likely
as what was found (Bandos, Rockette and Gur 2005), however few the subjects are and however well both do. With many
subjects paired DeLong says the same in less time. Not worse: the lower limit of the difference by paired DeLong.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from xray_platform.evaluation.bootstrap import subject_codes
from xray_platform.evaluation.delong import auroc_covariance
from xray_platform.evaluation.guards import FEWEST_PICTURES, GuardOutcome
from xray_platform.evaluation.metrics import Flags, Numbers
from xray_platform.evaluation.wording import count

SWAPS = 2000
CHUNK = 2_000_000  # ranks that are held at once
SWAPPED_SUBJECTS = 2000  # with more, paired DeLong
ONE_SIDED = 0.95  # confidence of the limit below which the difference may not lie
THEIRS = "champion_score"


@dataclass(frozen=True)
class Superiority:
    """Whether a model is better than the champion: AUROC of both, and how often an equal model would do as well."""

    better: bool
    text: str
    auroc: float | None
    champion_auroc: float | None
    chance: float | None = None


def superiority(rows: pd.DataFrame, margin: float, level: float, rivals: int = 1) -> Superiority:
    """Hold a model against the champion on the pictures of `rows`: image, subject, abnormal, score, champion_score.

    It is better where its AUROC is higher by `margin`, and an equal model would do as well in fewer than `level` of all
    cases, divided by `rivals`: how many models were there to be the first of.
    """
    labels = rows["abnormal"].to_numpy(bool)
    if labels.all() or not labels.any():
        return Superiority(better=False, text="the validation part lacks a class", auroc=None, champion_auroc=None)
    scores = rows[["score", THEIRS]].to_numpy(np.float64).T
    codes, subjects = subject_codes(rows["subject"].to_numpy(object))
    areas, covariance = auroc_covariance(scores, labels, rows["subject"].to_numpy(object))
    ours, theirs = (float(area) for area in areas)
    said = f"validation AUROC {ours:.4f} against {theirs:.4f} on the same pictures"
    if ours - theirs < margin or ours <= theirs:
        return Superiority(False, f"{said}, not better by the margin of {margin:g}", ours, theirs)
    if subjects > SWAPPED_SUBJECTS:
        contrast = np.array([1.0, -1.0])
        spread = float(np.sqrt(contrast @ covariance @ contrast))
        chance = 1 - NormalDist().cdf((ours - theirs) / spread) if spread else 0.0
    else:
        chance = _chance(scores, labels, codes, subjects)
    allowed = level / max(rivals, 1)
    better = chance < allowed or level >= 1
    shared = f", {level:g} shared by {count(rivals, 'model')}" if rivals > 1 else ""
    luck = "" if better else ", but perhaps by luck"
    asked = f"an equal model does as well with a chance of {chance:.4f}; less than {allowed:.4f} is asked for{shared}"
    return Superiority(better, f"{said}, better by the margin of {margin:g}{luck}: {asked}", ours, theirs, chance)


def _chance(
    scores: Numbers, labels: Flags, codes: "np.ndarray[tuple[int], np.dtype[np.int64]]", subjects: int
) -> float:
    """Return how often swapping subjects between two models gives as large a difference, 1 / (SWAPS + 1) at least."""
    first, second = (rankdata(one) for one in scores)
    found, rng, larger, done = _difference(first[None], second[None], labels)[0], np.random.default_rng(0), 0, 0
    lot = max(CHUNK // len(labels), 1)
    while done < SWAPS:
        swap = rng.random((min(lot, SWAPS - done), subjects))[:, codes] < 0.5
        drawn = _difference(np.where(swap, second, first), np.where(swap, first, second), labels)
        larger += int((drawn >= found - 1e-12).sum())
        done += len(swap)
    return (larger + 1) / (SWAPS + 1)


def _difference(first: Numbers, second: Numbers, labels: Flags) -> Numbers:
    """Return the AUROC of each row of `first` less that of `second`, (P,); both (P, N)."""
    abnormal, normal = int(labels.sum()), int((~labels).sum())
    ranks = [rankdata(one, axis=1)[:, labels].sum(axis=1) for one in (first, second)]
    return np.asarray((ranks[0] - ranks[1]) / (abnormal * normal), np.float64)


def not_worse(guard: str, rows: pd.DataFrame, margin: float) -> GuardOutcome:
    """Find whether a model is worse than the champion by more than `margin` of AUROC, on the pictures of `rows`."""
    labels = rows["abnormal"].to_numpy(bool)
    if len(rows) < FEWEST_PICTURES or labels.all() or not labels.any():
        few = f"there are {count(len(rows), 'picture')} with {count(int(labels.sum()), 'abnormal one')}"
        return GuardOutcome(guard, None, f"{few}; {FEWEST_PICTURES} of both kinds are needed")
    scores = rows[["score", THEIRS]].to_numpy(np.float64).T
    areas, covariance = auroc_covariance(scores, labels, rows["subject"].to_numpy(object))
    contrast = np.array([1.0, -1.0])
    difference, variance = float(contrast @ areas), float(contrast @ covariance @ contrast)
    if not np.isfinite(variance):
        return GuardOutcome(guard, None, "a class has one subject only")
    lower = difference - NormalDist().inv_cdf(ONE_SIDED) * float(np.sqrt(max(variance, 0.0)))
    text = (
        f"AUROC is {difference:+.3f} against the champion's on {count(len(rows), 'picture')}, with {ONE_SIDED:.0%} "
        f"confidence not below {lower:+.3f}; {-margin:+g} or more is asked for"
    )
    return GuardOutcome(guard, lower < -margin, text)


def alerts(rows: pd.DataFrame, most: float) -> GuardOutcome:
    """Find whether a model calls far more or fewer pictures abnormal than the champion does; none needs a label.

    rows: `verdict` and `champion_verdict`, `normal` or `abnormal`.
    """
    if len(rows) < FEWEST_PICTURES:
        few = f"there are {count(len(rows), 'picture')}; {FEWEST_PICTURES} are needed"
        return GuardOutcome("alerts", None, few)
    ours, theirs = (float((rows[name] == "abnormal").mean()) for name in ("verdict", "champion_verdict"))
    text = (
        f"{ours:.1%} of {count(len(rows), 'newest picture')} are called abnormal, {theirs:.1%} by the champion; a "
        f"difference of {most:.0%} is accepted"
    )
    return GuardOutcome("alerts", abs(ours - theirs) > most, text)
