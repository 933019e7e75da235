"""Publishing a batch: accepted pictures without identity, reasons for the others, and the same again when run again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pandas as pd
import pytest

from xray_platform import lots
from xray_platform.dicom.deidentify.publish import Published, publish_batch, publishing_part
from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.dicom.intake.label_file import LabelOptions
from xray_platform.dicom.intake.raw_store import raw_path, take_in
from xray_platform.dicom.rules import IDENTITY_LEFT
from xray_platform.errors import StoreError
from xray_platform.tables.all import CATALOGUE, IMAGES, QUALITY
from xray_platform.tables.places import Places
from xray_platform.workers import Lost
from xray_platform_tests.dicom.burned_in.drawing import burn, chest, letters
from xray_platform_tests.dicom.deidentify.making import KEY, OTHER_KEY, encoded, hiding, make, smooth

IDENTITIES = (b"Doe^Jane", b"MRN-77120", b"ACC-90210", b"19610304", b"House^Gregory", b"p-4711", b"smithson")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two pictures of one patient, one without a patient, one with a name burned in, a JPEG, and a text."""
    folder = tmp_path / "smithson"
    folder.mkdir()
    files = {
        "one.dcm": encoded(make()),
        "two.dcm": encoded(make(SOPInstanceUID="1.2.3.4567.5", StudyInstanceUID="1.2.3.4567.6", StudyDate="20150619")),
        "nobody.dcm": encoded(make(PatientID="", SOPInstanceUID="1.2.3.4567.7")),
        "burned.dcm": encoded(make(burn(chest(512, 512, air=60), letters("SMITHSON 1961", 20), 16, 16), bits=8)),
        "jane.jpeg": bytes(imagecodecs.jpeg8_encode(smooth(bits=8).astype(np.uint8))),
        "smithson.txt": b"no picture at all",
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def take(places: Places, source: Path, labels: LabelOptions | None = None, worst: dict[str, str] | None = None) -> str:
    """Take a folder in as one batch and give every file the quality `pass`, or what `worst` says of its name."""
    (plan,) = plan_batches(places, source, labels)
    catalogue = take_in(places, plan)
    CATALOGUE.write(places, catalogue, plan.batch)
    rows: list[dict[str, Any]] = []
    for sha, relative in zip(catalogue["sha256"], catalogue["relative"], strict=True):
        severity = (worst or {}).get(relative, "pass")
        rule = "Q000" if severity == "pass" else "Q060"
        rows.append({"sha256": sha, "image": sha[:16], "batch": plan.batch, "rule": rule, "severity": severity,
                     "evidence": "" if severity == "pass" else "one grey level"})  # fmt: skip
    QUALITY.write(places, QUALITY.frame(rows), plan.batch)
    return plan.batch


def published(places: Places, batch: str) -> Published:
    made = publish_batch(places, batch, KEY)
    IMAGES.write(places, made.images, batch)
    return made


def files_of(places: Places) -> set[str]:
    return {path.relative_to(places.processed).as_posix() for path in places.processed.rglob("*") if path.is_file()}


def test_accepted_pictures_are_published_and_the_others_give_their_reasons(places: Places, source: Path) -> None:
    batch = take(places, source, worst={"two.dcm": "warn"})
    made = published(places, batch)
    assert len(made.images) == 4
    assert set(made.images["file"]) <= files_of(places)
    assert sorted(made.findings["rule"]) == ["Q090", "Q091", "Q093"]
    refused = made.findings[made.findings["severity"] != "warn"]
    for image, rule in zip(refused["image"], refused["rule"], strict=True):
        assert rule in (places.rejected / f"{image}.txt").read_text()
    assert len(files_of(places)) == 4 + 2


def test_rows_fit_their_tables_and_say_what_is_known(places: Places, source: Path) -> None:
    made = published(places, take(places, source))
    IMAGES.write(places, made.images, "again")
    QUALITY.write(places, made.findings, publishing_part("batch-0001"))
    dicom = made.images[made.images["bits_stored"] == 12]
    assert set(dicom["subject"]) == {KEY.subject("MRN-77120")}
    assert dicom["study"].nunique() == 2
    assert set(dicom["age_years"]) == {54.0}
    dates = pd.to_datetime(dicom["study_date"]).sort_values()
    assert (dates.iloc[1] - dates.iloc[0]).days == 7
    jpeg = made.images[made.images["format"] == "jpeg"].iloc[0]
    assert jpeg["file"].endswith(".png")
    assert bool(jpeg["lossy"])


def test_no_identity_is_outside_of_the_raw_zone(places: Places, source: Path) -> None:
    batch = take(places, source, worst={"two.dcm": "reject"})
    made = published(places, batch)
    QUALITY.write(places, made.findings, publishing_part(batch))
    outside = [path for path in places.root.rglob("*") if path.is_file() and places.raw not in path.parents]
    assert len(outside) > 8
    for path in outside:
        held = path.read_bytes() + str(path.relative_to(places.root)).encode()
        assert [token for token in IDENTITIES if token.lower() in held.lower()] == [], path


def test_quality_decides_who_is_left_out(places: Places, source: Path) -> None:
    batch = take(places, source, worst={"one.dcm": "reject", "two.dcm": "quarantine"})
    made = published(places, batch)
    assert len(made.images) == 2
    logs = [path.read_text() for path in sorted(places.rejected.iterdir())]
    assert sum("Q060" in text and "one grey level" in text for text in logs) == 2


def test_a_labels_file_names_the_subject_where_the_picture_does_not(places: Places, source: Path) -> None:
    labels = source.parent / "labels.csv"
    labels.write_text(f"file,label,subject\n{source}/nobody.dcm,normal,p-4711\n{source}/jane.jpeg,normal,p-4711\n")
    made = published(places, take(places, source, LabelOptions(file=labels)))
    assert (made.images["subject"] == KEY.subject("p-4711")).sum() == 2


def test_run_again_it_gives_the_same(places: Places, source: Path) -> None:
    batch = take(places, source)
    first, second = published(places, batch), published(places, batch)
    pd.testing.assert_frame_equal(first.images, second.images)
    pd.testing.assert_frame_equal(first.findings, second.findings)
    assert not list(places.processed.rglob(".*"))


def test_what_is_no_longer_accepted_is_taken_away(places: Places, source: Path) -> None:
    batch = take(places, source)
    before = published(places, batch)
    quality = QUALITY.read(places, batch)
    gone = before.images.iloc[0]
    quality.loc[quality["image"] == gone["image"], "severity"] = "quarantine"
    QUALITY.write(places, quality, batch)
    published(places, batch)
    assert gone["file"] not in files_of(places)
    assert f"rejected/{gone['image']}.txt" in files_of(places)


def test_with_another_key_the_old_files_are_taken_away(places: Places, source: Path) -> None:
    batch = take(places, source)
    first = published(places, batch)
    second = publish_batch(places, batch, OTHER_KEY)
    assert not set(first.images["file"]) & files_of(places)
    assert set(second.images["file"]) <= files_of(places)


def test_a_second_batch_does_not_publish_what_the_first_one_has(places: Places, source: Path, tmp_path: Path) -> None:
    published(places, take(places, source))
    again = tmp_path / "again"
    again.mkdir()
    (again / "copy.dcm").write_bytes((source / "one.dcm").read_bytes())
    (again / "new.dcm").write_bytes(encoded(make(SOPInstanceUID="1.2.3.4567.12")))
    made = published(places, take(places, again))
    assert len(made.images) == 1
    assert not IMAGES.read(places)["image"].duplicated().any()


def test_a_picture_that_breaks_its_child_is_lost_alone(
    places: Places, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = take(places, source)
    bad = CATALOGUE.read(places, batch)["sha256"].iloc[0]

    def children(function: Any, items: Any, **_: Any) -> Iterator[Any]:
        for item in items:
            lost = bad in {task.sha256 for task in (item if isinstance(item, list) else [item])}
            yield Lost("timeout", "took too long") if lost else function(item)

    monkeypatch.setattr(lots, "map_in_children", children)
    made = publish_batch(places, batch, KEY)
    broken = made.findings[made.findings["evidence"].str.contains("timeout")]
    assert list(broken["sha256"]) == [bad]
    assert list(broken["severity"]) == ["reject"]
    assert len(made.images) >= 3


def test_a_store_that_cannot_be_written_is_said_so(places: Places, source: Path) -> None:
    batch = take(places, source)
    subject = places.processed / KEY.subject("MRN-77120")
    subject.parent.mkdir(parents=True)
    subject.write_text("a file where a folder is wanted")
    with pytest.raises(StoreError, match="cannot write") as refused:
        publish_batch(places, batch, KEY)
    assert "MRN" not in str(refused.value)


def test_progress_counts_pictures(places: Places, source: Path) -> None:
    said: list[tuple[int, int, str]] = []
    publish_batch(places, take(places, source), KEY, progress=lambda *now: said.append(now))
    assert said[-1] == (6, 6, "pictures published")


def test_an_identifier_that_would_be_left_rejects(places: Places, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    pixels = hiding(b"JANEDOESMITHSON")
    (folder / "leak.dcm").write_bytes(encoded(make(pixels, bits=8, PatientName="Janedoesmithson")))
    made = published(places, take(places, folder))
    assert list(made.findings["rule"]) == [IDENTITY_LEFT]
    assert not list(places.processed.rglob("*.dcm"))


def test_the_raw_bytes_stay_as_they_are(places: Places, source: Path) -> None:
    batch = take(places, source)
    before = {sha: raw_path(places, sha).read_bytes() for sha in CATALOGUE.read(places, batch)["sha256"]}
    published(places, batch)
    assert before == {sha: raw_path(places, sha).read_bytes() for sha in before}


def test_what_is_published_again_takes_the_place_of_the_old_files_at_a_stroke(
    places: Places, source: Path, tmp_path: Path
) -> None:
    batch = take(places, source)
    published(places, batch)
    assert len(files_of(places)) == 6
    opened = {file: tmp_path / f"opened-{number}" for number, file in enumerate(sorted(files_of(places)))}
    for file, link in opened.items():
        link.hardlink_to(places.processed / file)
    before = {file: link.read_bytes() for file, link in opened.items()}
    published(places, batch)
    assert set(opened) == files_of(places)
    for file, link in opened.items():
        assert not link.samefile(places.processed / file), f"{file} was written into while somebody reads it"
        assert link.read_bytes() == before[file]
