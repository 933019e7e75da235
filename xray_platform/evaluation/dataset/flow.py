"""Flow: how many files came in, what was left out on the way and why, and how many pictures are in each part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from xray_platform.tables.severity import decide

NOT_EXAMINED = "not examined or published yet"
LEAVES_OUT = ("reject", "quarantine")
WORDS = {"reject": "rejected", "quarantine": "in quarantine"}


@dataclass(frozen=True)
class LeftOut:
    """How many were left out for one reason."""

    reason: str
    number: int


@dataclass(frozen=True)
class FlowStage:
    """One stage: what its files or pictures are, how many, and what of them does not reach the next stage."""

    title: str
    number: int
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class FlowPart:
    """One part of the data at the end of the flow; `normal` and `abnormal` are pictures."""

    title: str
    pictures: int
    subjects: int
    normal: int
    abnormal: int


@dataclass(frozen=True)
class Flow:
    """The stages in order: each has what the stage before it has, less what that one left out; then the parts."""

    stages: tuple[FlowStage, ...]
    parts: tuple[FlowPart, ...] = ()

    @property
    def left_out(self) -> int:
        """How many files and pictures were left out in all."""
        return sum(gone.number for stage in self.stages for gone in stage.left_out)


def flow_of(
    catalogue: pd.DataFrame,
    quality: pd.DataFrame,
    images: pd.DataFrame,
    labels: pd.DataFrame,
    splits: pd.DataFrame,
    *,
    notices: Mapping[str, str],
    scored: pd.DataFrame | None = None,
) -> Flow:
    """Return the flow from the files received to the pictures of each part.

    catalogue: `source` and `sha256` (missing where the bytes could not be read), one row a file and intake; quality:
    `sha256`, `rule`, `severity`; images: `image`, `sha256`; labels: `image`, `label`; splits: `image`, `subject`,
    `abnormal`, `split`. notices: what each rule notices. scored: rows of those pictures (like splits) that a model was
    judged on; None: the flow ends with the parts of the data.
    Several sources with the same bytes count as one file from the second stage on; a file that several rules leave out
    is counted with the first of the worst.
    """
    readable = catalogue.dropna(subset=["sha256"]).drop_duplicates("source")
    received, files = catalogue["source"].nunique(), set(readable["sha256"].astype(str))
    published = images[images["sha256"].astype(str).isin(files)]
    labelled = set(labels.dropna(subset=["label"])["image"].astype(str)) & set(published["image"].astype(str))
    placed = splits[splits["image"].astype(str).isin(set(published["image"].astype(str)))]
    with_label = len(labelled | set(placed["image"].astype(str)))
    stages = [
        FlowStage(
            "Files received",
            received,
            _counted({"could not be read": received - len(readable), "the same bytes once more": _twice(readable)}),
        ),
        FlowStage("Different files", len(files), _by_rule(quality, files - set(published["sha256"]), notices)),
        FlowStage("Pictures published", len(published), _counted({"no label": len(published) - with_label})),
        FlowStage("Pictures with a label", with_label, _counted({"in no part of the data": with_label - len(placed)})),
    ]
    last = placed
    if scored is not None:
        last = placed[placed["image"].astype(str).isin(set(scored["image"].astype(str)))]
        gone = len(placed) - len(last)
        stages.append(FlowStage("Pictures with a part", len(placed), _counted({"not scored by this model": gone})))
    title = "Pictures with a part" if scored is None else "Pictures scored"
    return Flow((*stages, FlowStage(title, len(last))), tuple(_parts(last)) if len(last) else ())


def _twice(readable: pd.DataFrame) -> int:
    return len(readable) - int(readable["sha256"].nunique())


def _counted(reasons: Mapping[str, int]) -> tuple[LeftOut, ...]:
    return tuple(LeftOut(reason, number) for reason, number in reasons.items() if number)


def _by_rule(quality: pd.DataFrame, gone: set[str], notices: Mapping[str, str]) -> tuple[LeftOut, ...]:
    """Return why files are not published: by the first of the worst rules that speak against each."""
    found = quality[quality["sha256"].isin(gone)]
    worst = found.groupby("sha256")["severity"].agg(decide)
    against = found[(found["severity"] == found["sha256"].map(worst)) & found["severity"].isin(LEAVES_OUT)]
    first = against.sort_values("rule").drop_duplicates("sha256")
    counted = first.groupby(["severity", "rule"]).size().reset_index(name="files")
    ordered = counted.sort_values(["severity", "rule"], ascending=[False, True])
    reasons = [
        LeftOut(f"{WORDS[str(severity)]}, {rule}: {notices.get(str(rule), '')}".removesuffix(": "), int(number))
        for severity, rule, number in zip(ordered["severity"], ordered["rule"], ordered["files"], strict=True)
    ]
    return (*reasons, *_counted({NOT_EXAMINED: len(gone) - len(first)}))


def _parts(rows: pd.DataFrame) -> Sequence[FlowPart]:
    titles = {"train": "Training", "val": "Validation", "test": "Test"}
    found = []
    for split, title in titles.items():
        part = rows[rows["split"] == split]
        abnormal = int(part["abnormal"].astype(bool).sum())
        found.append(FlowPart(title, len(part), int(part["subject"].nunique()), len(part) - abnormal, abnormal))
    return found
