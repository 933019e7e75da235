"""Plans: new files become batches, known ones do not, and a wrong labels file changes nothing."""

import os
from pathlib import Path

import pytest

from xray_platform.dicom.intake.batch_plan import BatchPlan, plan_batches, plans, read_plan
from xray_platform.dicom.intake.label_file import LabelOptions
from xray_platform.errors import InputError, StoreError
from xray_platform.tables.places import Places


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    for number in range(5):
        path = folder / f"study{number % 2}" / f"{number}.dcm"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * number)
    return folder


def names(batches: tuple[BatchPlan, ...]) -> list[list[str]]:
    return [[file.relative for file in plan.files] for plan in batches]


def labelled(folder: Path, text: str) -> LabelOptions:
    path = folder.parent / "labels.csv"
    path.write_text(text)
    return LabelOptions(path)


def test_a_folder_becomes_batches_of_a_size(places: Places, source: Path) -> None:
    new = plan_batches(places, source, batch_size=2, origin="phantom")
    assert [plan.batch for plan in new] == ["batch-0001", "batch-0002", "batch-0003"]
    assert names(new) == [["study0/0.dcm", "study0/2.dcm"], ["study0/4.dcm", "study1/1.dcm"], ["study1/3.dcm"]]
    assert tuple(plans(places)) == new
    assert read_plan(places, "batch-0002").origin == "phantom"


def test_a_path_that_cannot_be_is_one_line(places: Places, source: Path) -> None:
    for name in ("x" * 5000, "a\0b"):
        with pytest.raises(InputError, match=r"cannot look at|no file or folder"):
            plan_batches(places, source / name)
    with pytest.raises(InputError, match="names 1 files that are not there: xxx"):
        plan_batches(places, source, labelled(source, f"file,label\n{'x' * 3000},normal\n"))
    assert not places.raw.exists()


def test_only_new_and_changed_files_are_planned_again(places: Places, source: Path) -> None:
    plan_batches(places, source)
    assert plan_batches(places, source) == ()
    (source / "new.dcm").write_bytes(b"new")
    os.utime(source / "study1" / "1.dcm", ns=(1, 1))
    (again,) = plan_batches(places, source)
    assert again.batch == "batch-0002"
    assert [file.relative for file in again.files] == ["new.dcm", "study1/1.dcm"]


def test_changed_labels_plan_a_file_again_and_silence_does_not(places: Places, source: Path) -> None:
    plan_batches(places, source, labelled(source, "file,label\nstudy0/0.dcm,normal\nstudy1/1.dcm,ill\n"))
    same = labelled(source, "file,label\nstudy1/1.dcm,ill\nstudy0/0.dcm,normal\n")
    assert plan_batches(places, source, same) == ()
    assert plan_batches(places, source) == ()
    (again,) = plan_batches(places, source, labelled(source, "file,label\nstudy0/0.dcm,ill\nstudy1/1.dcm,ill\n"))
    assert [(file.relative, file.label, file.abnormal) for file in again.files] == [("study0/0.dcm", "ill", True)]


def test_the_labels_file_itself_is_no_picture_but_other_files_are_rows(places: Places, source: Path) -> None:
    (source / "labels.csv").write_text("file,label\nstudy0/0.dcm,normal\n")
    (source / "notes.txt").write_text("by hand")
    (plan,) = plan_batches(places, source)
    relative = [file.relative for file in plan.files]
    assert "labels.csv" not in relative
    assert "notes.txt" in relative
    assert plan.labels_sha256 is not None
    assert plan.files[relative.index("study0/0.dcm")].abnormal is False


@pytest.mark.parametrize(
    "name", ["study0/2.dcm", "./study0/2.dcm", "2.dcm", "{source}/study0/2.dcm", "source/study0/2.dcm"]
)
def test_a_file_may_be_named_in_several_ways(places: Places, source: Path, name: str) -> None:
    labels = labelled(source, f"file,label\n{name.format(source=source)},ill\n")
    (plan,) = plan_batches(places, source, labels)
    assert [file.relative for file in plan.files if file.label] == ["study0/2.dcm"]


def test_names_of_nothing_and_of_one_thing_twice_are_errors(places: Places, source: Path) -> None:
    with pytest.raises(InputError, match=r"names 2 files that are not there: a\.dcm, b\.dcm"):
        plan_batches(places, source, labelled(source, "file,label\na.dcm,ill\nb.dcm,ill\n"))
    with pytest.raises(InputError, match=r"one file twice: as study0/2\.dcm and as 2\.dcm"):
        plan_batches(places, source, labelled(source, "file,label\nstudy0/2.dcm,ill\n2.dcm,normal\n"))
    assert list(plans(places)) == []


def test_files_outside_of_the_source_are_left_alone(places: Places, source: Path) -> None:
    labels = labelled(source, "file,label\nsource/study0/2.dcm,ill\nsource/study1/1.dcm,ill\n")
    (plan,) = plan_batches(places, source / "study0", labels)
    assert [file.relative for file in plan.files if file.label] == ["2.dcm"]


def test_nothing_to_take_in_is_an_error(places: Places, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file or folder"):
        plan_batches(places, tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no files"):
        plan_batches(places, tmp_path / "empty")


def test_the_store_is_not_taken_into_itself_but_the_inbox_may_be(places: Places) -> None:
    places.inbox.mkdir(parents=True)
    (places.inbox / "1.dcm").write_bytes(b"x")
    with pytest.raises(InputError, match="holds the store or lies in it"):
        plan_batches(places, places.root)
    with pytest.raises(InputError, match="holds the store or lies in it"):
        plan_batches(places, places.data)
    assert len(plan_batches(places, places.inbox)) == 1


def test_files_that_are_not_ready_wait_for_the_next_time(places: Places, source: Path) -> None:
    assert plan_batches(places, source, ready=lambda _: False) == ()
    (plan,) = plan_batches(places, source, ready=lambda file: file.size_bytes > 2)
    assert [file.relative for file in plan.files] == ["study0/4.dcm", "study1/3.dcm"]


def test_a_plan_that_is_damaged_or_not_there_is_a_store_error(places: Places, source: Path) -> None:
    plan_batches(places, source)
    with pytest.raises(StoreError, match="no batch batch-0009; there are batch-0001"):
        read_plan(places, "batch-0009")
    (places.plans / "batch-0001.json").write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        read_plan(places, "batch-0001")


def test_a_single_file_is_a_batch_of_one(places: Places, source: Path) -> None:
    (plan,) = plan_batches(places, source / "study0" / "2.dcm")
    assert [file.relative for file in plan.files] == ["2.dcm"]
