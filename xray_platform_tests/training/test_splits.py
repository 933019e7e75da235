"""A subject is in one part only, and stays there when new batches arrive."""

from collections.abc import Iterator, Mapping

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_platform.errors import InputError
from xray_platform.tables.all import SPLITS
from xray_platform.training import splits
from xray_platform.training.split_settings import SplitSettings
from xray_platform.training.splits import PARTS, assign_splits, classes_of, labelled_images

NOBODY = SPLITS.frame([])


def pictures(
    count: int, *, batch: str = "batch-0001", first: int = 0, given: str | None = None, per_subject: int = 1
) -> pd.DataFrame:
    rows = [
        {
            "image": f"{number:016x}",
            "batch": batch,
            "subject": f"sub-{number // per_subject:016x}",
            "pixel_sha256": f"{number:064x}",
            "abnormal": (number // per_subject) % 2 == 0,
            "findings": "normal" if (number // per_subject) % 2 else "mass",
            "split_given": given,
        }
        for number in range(first, first + count)
    ]
    return pd.DataFrame(rows).astype({"abnormal": "boolean"})


def described(origins: str, labels: list[bool | None]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return images and labels; each origin is a letter, a for archive and p for phantom."""
    rows = pictures(len(origins))
    words = {"a": "archive", "p": "phantom"}
    images = rows[["image", "batch", "subject", "pixel_sha256"]].assign(
        manufacturer=None, view_position=None, sex=None, age_years=None
    )
    told = rows[["image", "findings", "split_given"]].assign(origin=[words[origin] for origin in origins])
    return images, told.assign(abnormal=pd.array(labels, dtype="boolean"))


@pytest.mark.parametrize(
    ("origins", "labels", "left"),
    [
        ("ppp", [True, False, None], [0, 1]),
        ("ppaa", [True, False, True, None], [2]),
        ("ppa", [True, False, None], [0, 1]),
        ("aa", [None, None], []),
    ],
    ids=["phantoms alone", "a labelled real image", "a real image without label", "no labels"],
)
def test_phantoms_give_way_to_labelled_real_images(origins: str, labels: list[bool | None], left: list[int]) -> None:
    images, told = described(origins, labels)
    assert list(labelled_images(images, told)["image"]) == [images["image"][number] for number in left]


def test_the_shares_are_met_in_each_class() -> None:
    splits = assign_splits(pictures(400), NOBODY, SplitSettings())
    counts = splits.groupby(["abnormal", "split"]).size().to_dict()
    assert counts == {(flag, part): 140 if part == "train" else 30 for flag in (False, True) for part in PARTS}


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 4), st.integers(0, 3))
def test_a_second_batch_moves_nobody(first: int, second: int, per_subject: int, seed: int) -> None:
    settings = SplitSettings(seed=seed)
    old = pictures(first, per_subject=per_subject)
    new = pictures(second, batch="batch-0002", first=first, per_subject=per_subject)
    before = assign_splits(old, NOBODY, settings)
    after = assign_splits(pd.concat([old, new]), before, settings)
    where = dict(zip(after["image"], after["split"], strict=True))
    assert all(where[image] == split for image, split in zip(before["image"], before["split"], strict=True))
    assert after.groupby("subject")["split"].nunique().max() == 1


def test_the_table_can_be_lost_and_made_again() -> None:
    old, new = pictures(40), pictures(30, batch="batch-0002", first=40)
    step_by_step = assign_splits(pd.concat([old, new]), assign_splits(old, NOBODY, SplitSettings()), SplitSettings())
    at_once = assign_splits(pd.concat([old, new]), NOBODY, SplitSettings())
    assert list(step_by_step["split"]) == list(at_once["split"])


@pytest.mark.parametrize("given", [None, "val", "test"])
def test_made_again_the_table_is_the_same(given: str | None) -> None:
    rows = pd.concat([pictures(40), pictures(9, first=40, given=given)])
    once = assign_splits(rows, NOBODY, SplitSettings())
    pd.testing.assert_frame_equal(assign_splits(rows, once, SplitSettings()), once)


def test_what_the_labels_file_gives_no_more_is_kept() -> None:
    given = assign_splits(pd.concat([pictures(40), pictures(8, first=40, given="test")]), NOBODY, SplitSettings())
    after = assign_splits(pictures(48), given, SplitSettings())
    assert list(after["split"]) == list(given["split"])
    assert after["reason"].value_counts().to_dict() == {"assigned": 40, "kept": 8}


def test_the_order_of_rows_does_not_matter() -> None:
    ordered = assign_splits(pictures(50), NOBODY, SplitSettings())
    shuffled = assign_splits(pictures(50).sample(frac=1, random_state=3), NOBODY, SplitSettings())
    pd.testing.assert_frame_equal(ordered, shuffled)


def test_another_seed_divides_otherwise() -> None:
    one = assign_splits(pictures(50), NOBODY, SplitSettings(seed=0))
    two = assign_splits(pictures(50), NOBODY, SplitSettings(seed=1))
    assert list(one["split"]) != list(two["split"])


def test_subjects_who_share_a_picture_stay_together() -> None:
    shared = pictures(40)
    shared["pixel_sha256"] = [f"{number // 20:064x}" for number in range(40)]
    splits = assign_splits(shared, NOBODY, SplitSettings())
    merged = splits.merge(shared[["image", "pixel_sha256"]], on="image")
    assert merged.groupby("pixel_sha256")["split"].nunique().max() == 1


def test_a_given_split_wins_and_validation_comes_out_of_train() -> None:
    train, test = pictures(60, given="train"), pictures(20, first=60, given="test")
    splits = assign_splits(pd.concat([train, test]), NOBODY, SplitSettings())
    given_to = dict(zip(splits["image"], splits["split"], strict=True))
    assert {given_to[image] for image in test["image"]} == {"test"}
    assert {given_to[image] for image in train["image"]} == {"train", "val"}


def test_one_subject_given_to_two_parts_is_refused() -> None:
    torn = pictures(2, per_subject=2)
    torn["split_given"] = ["train", "test"]
    with pytest.raises(InputError, match=r"more than one split, the first to \['test', 'train'\]; allowed: one each"):
        assign_splits(torn, NOBODY, SplitSettings())


def test_pictures_without_a_label_are_in_no_part() -> None:
    unlabelled = pictures(10)
    unlabelled["abnormal"] = pd.array([None] * 10, dtype="boolean")
    assert assign_splits(unlabelled, NOBODY, SplitSettings()).empty


def test_ten_pictures_reach_all_parts() -> None:
    splits = assign_splits(pictures(10), NOBODY, SplitSettings())
    assert set(splits["split"]) == {"train", "val", "test"}
    assert splits.groupby("split")["abnormal"].nunique().min() == 2


def test_each_class_has_its_shares_of_the_parts() -> None:
    told = pictures(600)
    told["findings"] = [("normal", "virus", "bacteria|virus")[number % 3] for number in range(600)]
    told["abnormal"] = told["findings"] != "normal"
    splits = assign_splits(told, NOBODY, SplitSettings())
    counts = splits.groupby(["findings", "split"]).size().to_dict()
    for text in ("normal", "virus", "bacteria|virus"):
        assert [counts[text, part] for part in PARTS] == pytest.approx([140, 30, 30], abs=1)


def test_single_pictures_of_several_findings_reach_every_part() -> None:
    """As if each of six abnormal pictures had a finding of its own: together they are abnormal, and divided as such."""
    told = pictures(12)
    told["findings"] = [f"finding {number}" if number % 2 else "normal" for number in range(12)]
    told["abnormal"] = told["findings"] != "normal"
    for seed in range(20):
        splits = assign_splits(told, NOBODY, SplitSettings(seed=seed))
        assert len(splits.groupby(["split", "abnormal"])) == 6, seed


@pytest.mark.parametrize(
    ("order", "classes"),
    [
        ("", ["normal", "bacteria", "mass", "virus"]),
        ("Virus, mass", ["normal", "virus", "mass", "bacteria"]),
    ],
)
def test_classes_come_normal_first_then_as_declared_then_by_alphabet(order: str, classes: list[str]) -> None:
    told = pictures(4).assign(findings=["mass", "normal", "bacteria|virus", "virus"])
    table = classes_of(assign_splits(told, NOBODY, SplitSettings()), SplitSettings(class_order=order))
    assert list(table["class"]) == classes
    assert dict(zip(table["class"], table["pictures"], strict=True)) == {
        "normal": 1, "bacteria": 1, "mass": 1, "virus": 2
    }  # fmt: skip


def test_a_class_that_no_picture_has_is_refused() -> None:
    with pytest.raises(InputError, match="no picture has the class 'covid 19'; there are mass, normal"):
        classes_of(assign_splits(pictures(4), NOBODY, SplitSettings()), SplitSettings(class_order="COVID-19"))


def from_origins(*sizes: int) -> pd.DataFrame:
    """Pictures of as many origins, a, b, …, of these sizes."""
    told = pictures(sum(sizes))
    return told.assign(origin=[letter for letter, size in zip("abcdefgh", sizes, strict=False) for _ in range(size)])


def test_pictures_of_one_origin_stay_together_and_each_part_has_some() -> None:
    splits = assign_splits(told := from_origins(40, 20, 12, 8), NOBODY, SplitSettings(group_by="origin"))
    where = told.merge(splits[["image", "split"]], on="image").groupby("origin")["split"].unique()
    assert [list(parts) for parts in where] == [["train"], ["val"], ["test"], ["train"]]


def test_grouping_divides_anew_what_was_divided_otherwise_and_then_stays() -> None:
    told, by_origin = from_origins(40, 20, 12), SplitSettings(group_by="origin")
    by_subject = assign_splits(told, NOBODY, SplitSettings())
    grouped = assign_splits(told, by_subject, by_origin)
    assert grouped.equals(assign_splits(told, NOBODY, by_origin))
    more = pd.concat([told, pictures(30, batch="batch-0002", first=72).assign(origin="d")])
    after = assign_splits(more, grouped, by_origin).set_index("image")["split"]
    assert (after[grouped["image"]].to_numpy() == grouped["split"].to_numpy()).all()


def test_too_few_groups_are_refused_with_what_is_missing() -> None:
    with pytest.raises(InputError, match=r"divided by origin there are 2 groups .* nothing is left for test"):
        assign_splits(from_origins(20, 20), NOBODY, SplitSettings(group_by="origin"))


def test_what_is_held_out_is_the_test_part_and_nothing_else_is() -> None:
    told = from_origins(40, 20, 12)
    before = assign_splits(told, NOBODY, SplitSettings())
    splits = assign_splits(told, before, SplitSettings(hold_out="origin=b"))
    joined = told.merge(splits[["image", "split", "reason"]], on="image")
    assert set(joined.loc[joined["origin"] == "b", "reason"]) == {"held out"}
    assert set(joined.loc[joined["split"] == "test", "origin"]) == {"b"}
    assert set(joined.loc[joined["origin"] != "b", "split"]) == {"train", "val"}
    again = assign_splits(told, splits, SplitSettings())
    assert set(again["reason"]) == {"assigned"}
    assert told.merge(again, on="image").groupby("origin")["split"].nunique().min() > 1


def test_a_subject_with_one_picture_that_is_held_out_is_held_out_whole() -> None:
    told = pictures(40, per_subject=2).assign(view=["PA"] * 39 + ["AP"])
    splits = assign_splits(told, NOBODY, SplitSettings(hold_out="view=AP"))
    assert list(splits.loc[splits["split"] == "test", "image"]) == list(told["image"][38:])


@pytest.mark.parametrize(
    ("hold_out", "said"),
    [("origin=x", "no labelled picture has origin=x; there are a, b")],
)
def test_holding_out_what_nobody_has_is_refused(hold_out: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        assign_splits(from_origins(4, 4), NOBODY, SplitSettings(hold_out=hold_out))


def test_a_fact_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'weight=9' is no `fact=value`; facts are origin, device, view, sex, age"):
        SplitSettings(hold_out="weight=9")


class Counted(Mapping[str, str]):
    """A mapping that counts how often somebody goes through all of it."""

    def __init__(self, held: dict[str, str]) -> None:
        self.held, self.rounds = held, 0

    def __getitem__(self, name: str) -> str:
        return self.held[name]

    def __iter__(self) -> Iterator[str]:
        self.rounds += 1
        return iter(self.held)

    def __len__(self) -> int:
        return len(self.held)


@pytest.mark.parametrize("subjects", [10, 400])
def test_whoever_has_a_part_is_gone_through_a_few_times_however_many_subjects_there_are(
    subjects: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[Counted] = []
    held_out = splits._held_out

    def noted(labelled: pd.DataFrame, settings: SplitSettings) -> Counted:
        counted.append(Counted(held_out(labelled, settings)))
        return counted[0]

    monkeypatch.setattr(splits, "_held_out", noted)
    assign_splits(pictures(subjects), NOBODY, SplitSettings())
    assert 0 < counted[0].rounds <= 6
