"""An archive comes out the same twice, whole or not at all, and its tables say what is in it."""

import csv
import hashlib
import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from xray_platform.errors import InputError, StoreError
from xray_platform.phantoms import archive
from xray_platform.phantoms.archive import ArchiveSettings, ArchiveSummary, write_archive
from xray_platform.phantoms.broken import BROKEN
from xray_platform.phantoms.phantom import FINDINGS
from xray_platform.phantoms.plan import plan_pictures
from xray_platform.phantoms.style import TRANSFER_SYNTAXES

SMALL = ArchiveSettings(pictures=16, side=64, seed=5)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> ArchiveSummary:
    return write_archive(tmp_path_factory.mktemp("archive") / "export", SMALL)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fingerprints(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_every_label_names_a_sound_picture_of_that_subject(written: ArchiveSummary) -> None:
    labels = rows(written.folder / "labels.csv")
    assert len(labels) == written.pictures == 16
    for row in labels:
        dataset = dcmread(written.folder / row["file"])
        assert dataset.PatientID == row["subject"]
        assert dataset.PatientSex == row["sex"]
        assert int(dataset.PatientAge[:3]) == int(row["age"])
        assert dataset.ViewPosition == row["view"]
        assert row["label"] in FINDINGS
        assert dataset.pixel_array.std() > 0


def test_half_are_abnormal_to_the_picture_and_each_of_them_has_its_box(written: ArchiveSummary) -> None:
    labels = {row["file"]: row["label"] for row in rows(written.folder / "labels.csv")}
    boxes = {row["file"]: row["finding"] for row in rows(written.folder / "boxes.csv")}
    assert Counter(label != "normal" for label in labels.values()) == {True: 8, False: 8}
    assert boxes == {file: label for file, label in labels.items() if label != "normal"}
    assert written.findings == dict(Counter(labels.values()))


def test_broken_files_are_there_and_no_label_names_them(written: ArchiveSummary) -> None:
    assert set(written.broken) == set(BROKEN)
    files = {name for name in fingerprints(written.folder) if name.endswith(".dcm")}
    labelled = {row["file"] for row in rows(written.folder / "labels.csv")}
    assert files - labelled == set(written.broken.values())


def test_the_same_settings_give_the_same_bytes_in_one_process_or_in_two(
    written: ArchiveSummary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "FEW", 100)  # all in this process this time
    again = write_archive(tmp_path / "again", SMALL)
    assert fingerprints(again.folder) == fingerprints(written.folder)
    assert again.size_bytes == written.size_bytes


def test_another_seed_gives_another_archive(written: ArchiveSummary, tmp_path: Path) -> None:
    other = write_archive(tmp_path / "other", SMALL.model_copy(update={"seed": 6, "pictures": 3, "broken": False}))
    assert not set(fingerprints(other.folder).values()) & set(fingerprints(written.folder).values())


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("keep me")
    with pytest.raises(InputError, match="is not empty; an archive is only written into a new or empty folder"):
        write_archive(tmp_path, SMALL)
    assert fingerprints(tmp_path).keys() == {"precious.txt"}


def test_a_write_that_fails_leaves_no_half_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "_write_tables", full)
    with pytest.raises(StoreError, match="No space left on device"):
        write_archive(tmp_path / "export", ArchiveSettings(pictures=2, side=64, broken=False))
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told_for_every_picture(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    write_archive(
        tmp_path / "export",
        ArchiveSettings(pictures=3, side=64, broken=False),
        progress=lambda done, total, _: heard.append((done, total)),
    )
    assert heard == [(1, 3), (2, 3), (3, 3)]


def test_a_large_plan_has_every_form_and_subjects_with_several_pictures() -> None:
    planned = plan_pictures(300, 1024, 0.5, FINDINGS[1:], 1.0, seed=7)
    assert {picture.style.transfer_syntax for picture in planned} == {str(uid) for uid in TRANSFER_SYNTAXES}
    assert len({picture.style.orientation for picture in planned}) == 8
    assert {picture.style.photometric for picture in planned} == {"MONOCHROME1", "MONOCHROME2"}
    assert {picture.style.modality for picture in planned} == {"DX", "CR"}
    per_subject = Counter(picture.identity.patient.patient_id for picture in planned)
    assert 2 <= max(per_subject.values()) <= 4
    assert len({picture.relative for picture in planned}) == 300
    assert len({picture.identity.instance_uid for picture in planned}) == 300
    studies = {picture.identity.study_uid: picture.identity.patient.patient_id for picture in planned}
    assert len(per_subject) < len(studies) < 300


def test_a_longer_plan_begins_as_its_settings_say_whatever_the_findings() -> None:
    """The finding is dealt first; bodies, poses, techniques and styles are the same whatever was dealt."""
    normal = plan_pictures(40, 128, 0.0, FINDINGS[1:], 1.0, seed=7)
    ill = plan_pictures(40, 128, 1.0, FINDINGS[1:], 1.0, seed=7)
    for one, other in zip(normal, ill, strict=True):
        assert one.style == other.style
        assert one.identity == other.identity
        assert one.parameters.technique == other.parameters.technique
        assert one.parameters.pose == other.parameters.pose
        assert one.parameters.finding.name != other.parameters.finding.name


def test_the_demo_archive_decodes_without_the_slowest_syntax_getting_in_the_way() -> None:
    planned = plan_pictures(240, 1024, 0.5, FINDINGS[1:], 1.0, seed=7)
    slow = sum(picture.style.transfer_syntax == "1.2.840.10008.1.2.4.90" for picture in planned)
    assert 1 <= slow <= 20


def test_headers_of_one_archive_do_not_contradict_each_other(written: ArchiveSummary) -> None:
    people: dict[str, set[tuple[str, str]]] = {}
    for row in rows(written.folder / "labels.csv"):
        data = (written.folder / row["file"]).read_bytes()
        dataset = dcmread(io.BytesIO(data), stop_before_pixels=True)
        people.setdefault(dataset.PatientID, set()).add((str(dataset.PatientName), dataset.PatientBirthDate))
    assert all(len(found) == 1 for found in people.values())
    assert np.mean([len(found) for found in people.values()]) == 1
