"""Splits: train, validation and test by subject, deterministic, and stable when new batches arrive."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from xray_platform.errors import InputError
from xray_platform.tables.all import CLASSES, SPLITS
from xray_platform.tables.columns import PHANTOM
from xray_platform.tables.findings import classes_in, ordered_classes
from xray_platform.training.split_division import divide_subjects, divide_whole_groups
from xray_platform.training.split_groups import FACT_COLUMNS, asked_for, held_out, picture_facts
from xray_platform.training.split_settings import SplitSettings

PARTS = ("train", "val", "test")
HELD_OUT = "held out"
OF_AN_IMAGE = ("image", "batch", "subject", "pixel_sha256", *FACT_COLUMNS)
"""The columns of the table `images` that `labelled_images` reads."""


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
    placed = {**chosen, **kept, **out}
    rest = [group for group in labelled["group"].unique() if group not in placed]
    divide = divide_subjects if settings.group_by == "subject" else divide_whole_groups
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
    return SPLITS.typed(labelled)


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


def _carve_val(
    labelled: pd.DataFrame, chosen: dict[str, str], assigned: dict[str, str], settings: SplitSettings
) -> tuple[dict[str, str], dict[str, str]]:
    """Where a labels file names train and test only, take the validation part out of its train subjects."""
    inner = settings.model_copy(update={"train_share": 1 - settings.val_share, "val_share": settings.val_share})
    train = [group for group, part in chosen.items() if part == "train"]
    divided = divide_subjects(labelled, train, {}, inner)
    carved = {group: part for group, part in divided.items() if part == "val"}
    return {group: part for group, part in chosen.items() if group not in carved}, {**assigned, **carved}
