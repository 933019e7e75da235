"""Labels: what the labels files said reaches the table in known words alone, and a correction corrects it."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from xray_platform.dicom.deidentify import labels as room
from xray_platform.dicom.deidentify.labels import labels_of
from xray_platform.dicom.intake.batch_plan import BatchPlan, PlannedFile, plan_batches
from xray_platform.dicom.intake.hashed_files import hashed_files
from xray_platform.dicom.intake.label_words import declare
from xray_platform.dicom.intake.raw_store import take_in
from xray_platform.tables.all import CATALOGUE, IMAGES
from xray_platform.tables.places import Places


def say(places: Places, source: Path, *labels: str) -> None:
    """Take the pictures in with these labels, as if all of them were published."""
    rows = [f"{number}.dcm,{label}" for number, label in enumerate(labels)]
    (source / "labels.csv").write_text("\n".join(["file,label", *rows]) + "\n")
    for plan in plan_batches(places, source):
        CATALOGUE.write(places, take_in(places, plan), plan.batch)
    if not IMAGES.parts(places):
        hashes = CATALOGUE.read(places)["sha256"]
        IMAGES.write(places, IMAGES.frame([image(str(sha256)) for sha256 in hashes]), "batch-0001")


def image(sha256: str) -> dict[str, object]:
    return {
        "image": sha256[:16], "sha256": sha256, "batch": "batch-0001", "subject": f"sub-{sha256[:16]}",
        "study": f"stu-{sha256[:16]}", "origin": "archive", "file": "a.dcm", "file_sha256": sha256,
        "pixel_sha256": sha256, "format": "dicom", "rows": 1, "columns": 1, "bits_stored": 8,
        "photometric": "MONOCHROME2", "lossy": False,
    }  # fmt: skip


def told(places: Places) -> tuple[list[tuple[object, object]], int]:
    joined = labels_of(places)
    rows = joined.frame.astype("object").where(joined.frame.notna(), None)
    return list(zip(rows["label"], rows["abnormal"], strict=True)), joined.held_back


def test_a_name_is_held_back_and_so_is_whether_it_is_abnormal(places: Places, source: Path) -> None:
    say(places, source, "NORMAL", "KOWALSKA^JANINA", "Janina", "Lung  Opacity")
    assert told(places) == ([("NORMAL", False), (None, None), (None, None), ("Lung Opacity", True)], 2)


def test_findings_are_written_in_one_way_whatever_the_label_looks_like(places: Places, source: Path) -> None:
    say(places, source, "No Finding", "Mass|EFFUSION", "Pleural_Thickening", '"normal, no finding"')
    frame = labels_of(places).frame
    assert list(frame["findings"]) == ["normal", "effusion|mass", "pleural thickening", "normal"]
    assert list(frame["abnormal"]) == [False, True, True, False]


def test_the_origin_that_a_labels_file_names_wins_over_that_of_the_batch(places: Places, source: Path) -> None:
    say(places, source, "normal", "mass", "mass", "normal")
    rows = [f"{number}.dcm,mass,{origin}" for number, origin in enumerate(["Kermany", "", "nih", ""])]
    (source / "labels.csv").write_text("\n".join(["file,label,origin", *rows]) + "\n")
    for plan in plan_batches(places, source):
        CATALOGUE.write(places, take_in(places, plan), plan.batch)
    assert list(labels_of(places).frame["origin"]) == ["kermany", "archive", "nih", "archive"]


def test_a_declared_word_with_a_comma_is_one_finding(places: Places, source: Path) -> None:
    say(places, source, "normal", '"crackpot, left"', '"mass, nodule"', "mass")
    declare(places, ["crackpot, left"])
    assert list(labels_of(places).frame["findings"]) == ["normal", "crackpot, left", "mass|nodule", "mass"]


def test_a_declared_word_comes_in_without_another_intake(places: Places, source: Path) -> None:
    say(places, source, "normal", "Crackpot lung", "Crackpot lung", "normal")
    assert told(places)[1] == 2
    declare(places, ["crackpot lung"])
    assert told(places) == ([("normal", False), ("Crackpot lung", True), ("Crackpot lung", True), ("normal", False)], 0)


def test_a_correction_corrects(places: Places, source: Path) -> None:
    say(places, source, "normal", "KOWALSKA", "mass", "normal")
    say(places, source, "normal", "nodule", "KOWALSKA", "normal")
    assert told(places) == ([("normal", False), ("nodule", True), (None, None), ("normal", False)], 1)


def test_no_more_than_one_plan_is_held_however_many_there_are(
    places: Places, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "labels.csv").write_text("file,label\n" + "".join(f"{number}.dcm,mass\n" for number in range(4)))
    for plan in plan_batches(places, source, batch_size=1):
        CATALOGUE.write(places, take_in(places, plan), plan.batch)
    del plan
    held: list[int] = []
    read, before = hashed_files, _planned_files()

    def counted(places: Places, plan: BatchPlan) -> Iterator[tuple[str, PlannedFile]]:
        held.append(_planned_files() - before - len(plan.files))
        yield from read(places, plan)

    monkeypatch.setattr(room, "hashed_files", counted)
    labels_of(places)
    assert len(held) == 4
    assert max(held) <= 1, "that of the plan before it, which is let go next"


def _planned_files() -> int:
    gc.collect()
    return sum(type(one) is PlannedFile for one in gc.get_objects())
