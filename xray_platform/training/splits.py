"""Splits: train, validation and test by subject, deterministic, and stable when new batches arrive."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field, field_validator, model_validator
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from xray_platform.errors import InputError
from xray_platform.settings import Settings
from xray_platform.tables.all import CLASSES, SPLITS
from xray_platform.tables.columns import PHANTOM
from xray_platform.tables.findings import NORMAL, classes_in, ordered_classes
from xray_platform.training.split_groups import asked_for, held_out, picture_facts

FINDING_WEIGHT = 0.25  # of a single finding against normal or abnormal: rare findings must not leave a part without any
PARTS = ("train", "val", "test")
HELD_OUT = "held out"


class SplitSettings(Settings):
    """How labelled pictures are divided."""

    train_share: float = Field(0.70, ge=0, le=1, description="share of the subjects that models learn from")
    val_share: float = Field(0.15, ge=0, le=1, description="share that chooses epochs and thresholds; the rest is test")
    seed: int = Field(0, ge=0, description="another seed gives another division")
    class_order: str = Field(
        "",
        description="classes that come first after normal, with commas between; the others follow by alphabet",
    )

    group_by: Literal["subject", "origin", "device", "view", "sex", "age"] = Field(
        "subject", description="what is never divided: the subject alone, or also all pictures of one origin, device, …"
    )
    hold_out: str = Field(
        "",
        description="what makes up the test part instead of a share, such as origin=covid or device=agfa, with commas "
        "between several; the labels file's own splits still hold for the rest",
    )

    @field_validator("hold_out")
    @classmethod
    def _is_understood(cls, text: str) -> str:
        asked_for(text)
        return text

    @model_validator(mode="after")
    def _leave_a_test_part(self) -> "SplitSettings":
        if self.train_share + self.val_share > 1:
            message = f"train_share {self.train_share} + val_share {self.val_share} must be at most 1"
            raise ValueError(message)
        return self

    @property
    def shares_of_the_rest(self) -> dict[str, float]:
        """Wanted share of each part among what is not held out: no test part where something is."""
        if not self.hold_out.strip():
            return self.shares
        both = self.train_share + self.val_share or 1.0
        return {"train": self.train_share / both, "val": self.val_share / both}

    @property
    def declared_classes(self) -> tuple[str, ...]:
        """The classes of `class_order`, as findings are written."""
        return tuple(dict.fromkeys(word for part in self.class_order.split(",") if (word := _written(part))))

    @property
    def shares(self) -> dict[str, float]:
        """Wanted share of each part; the shares sum to 1."""
        return {
            "train": self.train_share,
            "val": self.val_share,
            "test": round(max(0.0, 1 - self.train_share - self.val_share), 9),
        }


def labelled_images(images: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Return the images that have a label, with their facts, for `assign_splits`; phantoms give way to real images.

    `images` and `labels` are rows of the tables of these names. Where any labelled image is real, phantoms are left
    out.
    """
    known = pd.concat([images[["image", "batch", "subject", "pixel_sha256"]], picture_facts(images)], axis=1)
    joined = known.merge(labels[["image", "origin", "findings", "abnormal", "split_given"]], on="image")
    joined = joined[joined["abnormal"].notna()]
    real = joined[joined["origin"] != PHANTOM]
    return joined if real.empty else real


def assign_splits(pictures: pd.DataFrame, before: pd.DataFrame, settings: SplitSettings) -> pd.DataFrame:
    """Divide labelled pictures into train, val and test, and return rows of the table `splits`.

    `pictures` has the columns image, batch, subject, pixel_sha256, findings, abnormal, split_given; `before` is the
    table as it was, whose subjects stay where they are. Subjects who share a picture are kept together, so that no
    picture is in two parts. A split given by the labels file wins. The rest is divided subject by subject, in an order
    that depends on the subject and the seed alone: the next one goes where most is missing of its kind, normal or
    abnormal, and by a quarter of its own finding (of several the first by alphabet).

    With `group_by` all pictures of one origin, device, … are kept together as well, and the largest groups are divided
    first; where the table as it was had divided one of them, all are divided anew. With `hold_out` the test part is
    what has these values, with all pictures of its subjects, and the rest is divided into train and val.

    Raises InputError where the labels file puts one subject into two parts, nothing has a value that is held out, or
    there are fewer groups than parts.
    """
    labelled = pictures[pictures["abnormal"].notna()].sort_values(["batch", "image"]).reset_index(drop=True)
    if labelled.empty:
        return SPLITS.frame([])
    labelled["group"] = _groups(labelled, settings.group_by)
    chosen = _given(labelled)
    out = _held_out(labelled, settings)
    chosen = {group: part for group, part in chosen.items() if group not in out}
    before = _still_holding(labelled, before, settings, out)
    if chosen and set(chosen.values()) == {"train"}:
        raise InputError("the labels file puts every picture into train; allowed: also val or test, or leave it empty")
    known = _known(labelled, before, chosen)
    part_before = dict(zip(before["subject"], before["split"], strict=True))
    kept = {group: part_before[subject] for group, subject in known.items()}
    kept = {group: part for group, part in kept.items() if group not in out}
    rest = [group for group in labelled["group"].unique() if group not in {**chosen, **kept, **out}]
    divide = _assign if settings.group_by == "subject" else _assign_whole_groups
    assigned = divide(labelled, rest, {**kept, **chosen}, settings)
    if chosen and "val" not in chosen.values():
        chosen, assigned = _carve_val(labelled, chosen, assigned, settings)
    where = {**kept, **assigned, **chosen, **out}
    why = {
        **_reasons(known, before),
        **dict.fromkeys(assigned, "assigned"),
        **dict.fromkeys(chosen, "given"),
        **dict.fromkeys(out, HELD_OUT),
    }
    labelled["split"] = labelled["group"].map(where)
    labelled["reason"] = labelled["group"].map(why)
    rows = labelled[[column.name for column in SPLITS.columns]]
    return SPLITS.frame([{str(name): value for name, value in row.items()} for row in rows.to_dict("records")])


def classes_of(splits: pd.DataFrame, settings: SplitSettings) -> pd.DataFrame:
    """Return rows of the table `classes`: the classes of the divided pictures in their order, and how many have each.

    Raises InputError where the settings name a class that no picture has.
    """
    names = ordered_classes(splits["findings"], settings.declared_classes)
    each = splits["findings"].map(classes_in).explode()
    having = {name: splits.loc[each.index[each == name]] for name in names}
    return CLASSES.frame(
        [
            {"class": name, "place": place, "pictures": len(rows), "subjects": int(rows["subject"].nunique())}
            for place, (name, rows) in enumerate(having.items(), start=1)
        ]
    )


def _written(word: str) -> str:
    return " ".join(word.casefold().replace("_", " ").replace("-", " ").split())


def _groups(labelled: pd.DataFrame, by: str) -> pd.Series:
    """Name each picture's group: the subjects linked by shared pictures, and `by` what, called by the first of them."""
    subject, subjects = pd.factorize(labelled["subject"])
    pixels, distinct = pd.factorize(labelled["pixel_sha256"])
    alike, kinds = pd.factorize(labelled[by].astype(str))
    nodes = len(subjects) + len(distinct) + len(kinds)
    places = np.concatenate([pixels + len(subjects), alike + len(subjects) + len(distinct)])
    if by == "subject":
        places = places[: len(labelled)]
    ends = np.tile(subject, len(places) // len(labelled))
    links = coo_array((np.ones(len(places)), (ends, places)), shape=(nodes, nodes))
    component = pd.Series(connected_components(links, directed=False)[1][subject], index=labelled.index)
    return component.map(labelled["subject"].groupby(component).min())


def _held_out(labelled: pd.DataFrame, settings: SplitSettings) -> dict[str, str]:
    """Return the groups that are held out, for the test part."""
    asked = asked_for(settings.hold_out)
    if not asked:
        return {}
    return {str(group): "test" for group in labelled.loc[held_out(labelled, asked), "group"].unique()}


def _still_holding(
    labelled: pd.DataFrame, before: pd.DataFrame, settings: SplitSettings, out: Mapping[str, str]
) -> pd.DataFrame:
    """Return what still holds of the table as it was: nothing that was held out, no test part beside what is held out.

    Nothing at all where it divided a group that is to be kept together.
    """
    before = before[before["reason"] != HELD_OUT]
    if out:
        before = before[~((before["split"] == "test") & (before["reason"] == "assigned"))]
    if settings.group_by == "subject":
        return before
    group = dict(zip(labelled["subject"], labelled["group"], strict=True))
    parts = before.assign(group=before["subject"].map(group)).groupby("group")["split"].nunique()
    return before.iloc[:0] if (parts > 1).any() else before


def _given(labelled: pd.DataFrame) -> dict[str, str]:
    asked = labelled.dropna(subset=["split_given"]).groupby("group")["split_given"].unique()
    torn = asked[asked.map(len) > 1]
    if len(torn):
        found = sorted(torn.iloc[0])
        raise InputError(
            f"{len(torn)} subjects are given to more than one split, the first to {found}; allowed: one each"
        )
    return {str(group): str(parts[0]) for group, parts in asked.items()}


def _known(labelled: pd.DataFrame, before: pd.DataFrame, chosen: dict[str, str]) -> dict[str, str]:
    """Return the first subject of each group that was divided before: the group stays where that subject was.

    A link found later may join groups of two parts.
    """
    known = labelled[labelled["subject"].isin(before["subject"]) & ~labelled["group"].isin(chosen)]
    return {str(group): str(subject) for group, subject in known.groupby("group")["subject"].min().items()}


def _reasons(known: dict[str, str], before: pd.DataFrame) -> dict[str, str]:
    """Return why each known group is where it is: what was assigned once stays assigned, so that the table is the same
    when it is made again; what the labels file gave once, and gives no more, is kept.
    """
    assigned = set(before.loc[before["reason"] == "assigned", "subject"])
    return {group: "assigned" if subject in assigned else "kept" for group, subject in known.items()}


def _assign(
    labelled: pd.DataFrame, rest: Sequence[str], taken: dict[str, str], settings: SplitSettings
) -> dict[str, str]:
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


def _assign_whole_groups(
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


def _carve_val(
    labelled: pd.DataFrame, chosen: dict[str, str], assigned: dict[str, str], settings: SplitSettings
) -> tuple[dict[str, str], dict[str, str]]:
    """Where a labels file names train and test only, take the validation part out of its train subjects."""
    inner = settings.model_copy(update={"train_share": 1 - settings.val_share, "val_share": settings.val_share})
    train = [group for group, part in chosen.items() if part == "train"]
    divided = _assign(labelled, train, {}, inner)
    carved = {group: part for group, part in divided.items() if part == "val"}
    return {group: part for group, part in chosen.items() if group not in carved}, {**assigned, **carved}


def _lot(group: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}|{group}".encode()).hexdigest()
