"""Cautions: what a reader of the figures must know before believing them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from xray_platform.evaluation.evaluate import SPLIT_TITLES, Evaluation, counts
from xray_platform.evaluation.wording import count, figure, interval, percent

NEARLY_PERFECT = 0.995  # validation AUROC at which one should look for a shortcut before rejoicing
FEW_SUBJECTS = 30  # of either class, below which one subject more or less moves a share by several per cent
LARGE_GAP = 0.05  # AUROC
LARGE_SHIFT = 0.10  # share of abnormal pictures
EVALUATED = ("val", "test")


@dataclass(frozen=True)
class Caution:
    """One warning: a stable code, a short title, and a sentence that says what was found and what it means."""

    code: str
    title: str
    text: str


def cautions(evaluation: Evaluation, hashes: pd.DataFrame | None = None, *, phantom: bool = False) -> list[Caution]:
    """Return all that speaks against taking the figures at their face value, the gravest first.

    hashes: one row a picture with `image` and any of `sha256`, `pixel_sha256`; equal hashes in different parts are
    duplicates across splits.
    """
    found = [_phantoms(phantom), _leaks(evaluation), _duplicates(evaluation, hashes)]
    found += [_classes(evaluation, split) for split in EVALUATED]
    found += [_sizes(evaluation, split) for split in EVALUATED]
    found += [_perfection(evaluation), _guessing(evaluation), _gap(evaluation), _shift(evaluation)]
    return [caution for caution in found if caution]


def other_pictures(evaluations: Sequence[Evaluation]) -> Caution | None:
    """Return the caution that models side by side were not judged on the same pictures, where they were not."""
    seen = {split: {_pictures(evaluation, split) for evaluation in evaluations} for split in EVALUATED}
    differing = [SPLIT_TITLES[split].lower() for split in EVALUATED if len(seen[split]) > 1]
    if not differing:
        return None
    text = (
        f"The models were not all judged on the same {' and '.join(differing)} pictures: their figures cannot be "
        "compared. Make the scores of all of them anew."
    )
    return Caution("other-pictures", "Not the same pictures", text)


def outdated(model: str, failed: str) -> Caution:
    """Return the caution that a model's figures are older than its last run, in which the asset `failed` failed."""
    text = (
        f"The last run of {failed} failed. The figures are those of the training of {model} before it; mend the reason "
        "and run it again."
    )
    return Caution("outdated", "Out of date", text)


def _pictures(evaluation: Evaluation, split: str) -> frozenset[tuple[str, bool]]:
    rows = evaluation.part(split)
    return frozenset(zip(rows["image"].astype(str), rows["abnormal"].astype(bool), strict=True))


def _phantoms(phantom: bool) -> Caution | None:
    if not phantom:
        return None
    text = (
        "All pictures are made up by the platform's own phantom generator. The figures show that the machinery works; "
        "they say nothing about patients."
    )
    return Caution("phantoms", "Made-up pictures", text)


def _leaks(evaluation: Evaluation) -> Caution | None:
    parts = evaluation.rows[["subject", "split"]].drop_duplicates()
    shared = int(parts["subject"].duplicated().sum())
    if not shared:
        return None
    stand = "stands" if shared == 1 else "stand"
    text = f"{count(shared, 'subject')} {stand} in more than one part of the data: the test is not independent."
    return Caution("subject-leak", "Subjects in several parts", text)


def _duplicates(evaluation: Evaluation, hashes: pd.DataFrame | None) -> Caution | None:
    if hashes is None or hashes.empty:
        return None
    joined = evaluation.rows[["image", "split"]].merge(hashes, on="image", how="inner")
    doubled: set[str] = set()
    for column in [name for name in ("sha256", "pixel_sha256") if name in joined]:
        parts = joined.groupby(column)["split"].nunique()
        doubled |= set(joined.loc[joined[column].isin(parts.index[parts > 1]), "image"])
    if not doubled:
        return None
    text = f"{count(len(doubled), 'picture')} have an exact copy in another part: the test is not independent."
    return Caution("duplicates", "Duplicates across parts", text)


def _classes(evaluation: Evaluation, split: str) -> Caution | None:
    number, title = counts(evaluation.part(split)), SPLIT_TITLES[split].lower()
    missing = [name for name in ("normal", "abnormal") if not number[name]]
    if not missing:
        return None
    what = "no pictures" if len(missing) == 2 else f"no {missing[0]} pictures"
    meaning = {
        "val": "The threshold rests on one class alone, and probabilities cannot be calibrated.",
        "test": "Figures that compare the classes are left out.",
    }[split]
    return Caution(f"one-class-{split}", f"A class is missing: {title}", f"The {title} part holds {what}. {meaning}")


def _sizes(evaluation: Evaluation, split: str) -> Caution | None:
    number, title = counts(evaluation.part(split)), SPLIT_TITLES[split].lower()
    normal, abnormal = number["subjects_normal"], number["subjects_abnormal"]
    if not 0 < min(normal, abnormal) < FEW_SUBJECTS:
        return None
    text = (
        f"The {title} part holds {count(normal, 'subject')} with normal and {count(abnormal, 'subject')} with abnormal "
        f"pictures; below {FEW_SUBJECTS} of either, figures move a lot by chance. Read the intervals."
    )
    return Caution(f"few-subjects-{split}", f"Few subjects: {title}", text)


def _perfection(evaluation: Evaluation) -> Caution | None:
    auroc = evaluation.value("auroc", "val")
    if auroc is None or auroc < NEARLY_PERFECT:
        return None
    text = (
        f"The validation AUROC is {figure(auroc)}. Before this is believed, look for a shortcut: text or markers in "
        "the picture, its frame, the device, another hospital for one class, or copies across parts."
    )
    return Caution("nearly-perfect", "Nearly perfect validation", text)


def _guessing(evaluation: Evaluation) -> Caution | None:
    auroc = evaluation.metrics["test"]["auroc"]
    if auroc.value is None or auroc.low is None or auroc.low > 0.5:
        return None
    text = f"The interval of the test AUROC, {interval(auroc)}, reaches down to 0.5: this may be no better than a coin."
    return Caution("guessing", "No better than guessing", text)


def _gap(evaluation: Evaluation) -> Caution | None:
    val, test = evaluation.value("auroc", "val"), evaluation.value("auroc", "test")
    if val is None or test is None or val - test <= LARGE_GAP:
        return None
    text = f"The AUROC falls from {figure(val)} on the validation part to {figure(test)} on the test part."
    return Caution("validation-gap", "Worse on the test part", text)


def _shift(evaluation: Evaluation) -> Caution | None:
    number = [counts(evaluation.part(split)) for split in EVALUATED]
    if not all(part["pictures"] for part in number):
        return None
    val, test = (part["abnormal"] / part["pictures"] for part in number)
    if abs(val - test) <= LARGE_SHIFT:
        return None
    text = (
        f"{percent(val)} of the validation and {percent(test)} of the test pictures are abnormal: probabilities and "
        "predictive values carry over only where the share is the same."
    )
    return Caution("prevalence-shift", "Another share of abnormal pictures", text)
