"""Cautions: what a reader of the figures must know before believing them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from xray_platform.evaluation.evaluate import SPLIT_TITLES, Evaluation, counts

NEARLY_PERFECT = 0.995  # validation AUROC at which one should look for a shortcut before rejoicing
FEW_SUBJECTS = 30
LARGE_GAP = 0.05
LARGE_SHIFT = 0.10


@dataclass(frozen=True)
class Caution:
    """One warning: a stable code, a short title, and a sentence that says what was found and what it means."""

    code: str
    title: str
    text: str


def cautions(evaluation: Evaluation, hashes: pd.DataFrame | None = None, *, phantom: bool = False) -> list[Caution]:
    """Return all that speaks against taking the figures at their face value.

    hashes: one row a picture with `image` and any of `sha256`, `pixel_sha256`; equal hashes in different parts are
    duplicates across splits.
    """
    found = _phantoms(phantom) + _leaks(evaluation) + _duplicates(evaluation, hashes)
    return found + _classes(evaluation) + _sizes(evaluation) + _perfection(evaluation) + _shifts(evaluation)


def _phantoms(phantom: bool) -> list[Caution]:
    if not phantom:
        return []
    text = "All pictures are made up by the platform's own phantom generator. The figures show that the machinery works; they say nothing about patients."
    return [Caution("phantoms", "Made-up pictures", text)]


def _leaks(evaluation: Evaluation) -> list[Caution]:
    parts = evaluation.rows.groupby("subject")["split"].nunique()
    shared = int((parts > 1).sum())
    if not shared:
        return []
    text = f"{_many(shared, 'subject')} stand in more than one part of the data: the test is not independent."
    return [Caution("subject-leak", "Subjects in several parts", text)]


def _duplicates(evaluation: Evaluation, hashes: pd.DataFrame | None) -> list[Caution]:
    if hashes is None or hashes.empty:
        return []
    joined = evaluation.rows[["image", "split"]].merge(hashes, on="image", how="inner")
    doubled: set[str] = set()
    for column in [name for name in ("sha256", "pixel_sha256") if name in joined]:
        parts = joined.groupby(column)["split"].nunique()
        doubled |= set(joined.loc[joined[column].isin(parts.index[parts > 1]), "image"])
    if not doubled:
        return []
    text = (
        f"{_many(len(doubled), 'picture')} have an exact copy in another part of the data: the test is not independent."
    )
    return [Caution("duplicates", "Duplicates across parts", text)]


def _classes(evaluation: Evaluation) -> list[Caution]:
    found = []
    for split in ("val", "test"):
        number, title = counts(evaluation.part(split)), SPLIT_TITLES[split].lower()
        missing = [name for name in ("normal", "abnormal") if not number[name]]
        if not missing:
            continue
        what = "no pictures" if len(missing) == 2 else f"no {missing[0]} pictures"
        meaning = {
            "val": "Threshold and probabilities rest on one class alone.",
            "test": "Figures that compare the classes are left out.",
        }[split]
        found.append(
            Caution(f"one-class-{split}", f"One class is missing: {title}", f"The {title} part holds {what}. {meaning}")
        )
    return found


def _sizes(evaluation: Evaluation) -> list[Caution]:
    found = []
    for split in ("val", "test"):
        number, title = counts(evaluation.part(split)), SPLIT_TITLES[split].lower()
        fewest = min(number["subjects_normal"], number["subjects_abnormal"])
        if 0 < fewest < FEW_SUBJECTS:
            text = (
                f"The {title} part holds {number['subjects_normal']} subjects with normal and {number['subjects_abnormal']} "
                f"with abnormal pictures; below {FEW_SUBJECTS} the figures move a lot by chance. Read the intervals."
            )
            found.append(Caution(f"few-subjects-{split}", f"Few subjects: {title}", text))
    return found


def _perfection(evaluation: Evaluation) -> list[Caution]:
    auroc = evaluation.value("auroc", "val")
    if auroc is None or auroc < NEARLY_PERFECT:
        return []
    text = (
        f"The validation AUROC is {auroc:.3f}. Before this is believed, look for a shortcut: text or markers in the picture, "
        "the frame, the device, another hospital for one class, or copies across parts."
    )
    return [Caution("nearly-perfect", "Nearly perfect validation", text)]


def _shifts(evaluation: Evaluation) -> list[Caution]:
    found = []
    val, test = evaluation.value("auroc", "val"), evaluation.value("auroc", "test")
    if val is not None and test is not None and val - test > LARGE_GAP:
        text = f"The AUROC falls from {val:.3f} on the validation part to {test:.3f} on the test part."
        found.append(Caution("validation-gap", "Worse on the test part", text))
    shares = [counts(evaluation.part(split)) for split in ("val", "test")]
    if all(number["pictures"] for number in shares):
        before, after = (number["abnormal"] / number["pictures"] for number in shares)
        if abs(before - after) > LARGE_SHIFT:
            text = (
                f"{before:.0%} of the validation and {after:.0%} of the test pictures are abnormal: probabilities and predictive "
                "values carry over only where the share is the same."
            )
            found.append(Caution("prevalence-shift", "Another share of abnormal pictures", text))
    return found


def _many(count: int, what: Sequence[str]) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
