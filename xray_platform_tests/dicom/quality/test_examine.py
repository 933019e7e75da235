"""Examining a batch: a row for each file and rule, duplicates of all that came before, and the same when run again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.dicom.intake.label_file import LabelOptions
from xray_platform.dicom.intake.raw_store import lost_raw, raw_path, take_in
from xray_platform.dicom.quality import examine_many
from xray_platform.dicom.quality.examination import FileLocation
from xray_platform.dicom.quality.examine import examine_batch, examine_files
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.errors import StoreError
from xray_platform.tables.all import CATALOGUE, LIKENESS, QUALITY
from xray_platform.tables.places import Places
from xray_platform.workers import Lost
from xray_platform_tests.dicom import hostile, made

OTHER = np.ascontiguousarray(made.chest(512, 512)[:, ::-1])


def sound(**attributes: object) -> bytes:
    return made.file(made.chest(512, 512), **attributes)  # type: ignore[arg-type]


def examined(places: Places, folder: Path, files: dict[str, bytes], labels: LabelOptions | None = None) -> pd.DataFrame:
    """Take files in as the next batch and examine it; the file's name stands in the place of its hash."""
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (plan,) = plan_batches(places, folder, labels)
    catalogue = take_in(places, plan)
    CATALOGUE.write(places, catalogue, plan.batch)
    quality = examine_batch(places, plan.batch)
    QUALITY.write(places, quality, plan.batch)
    names = dict(zip(catalogue["sha256"], catalogue["relative"], strict=True))
    return quality.assign(file=quality["sha256"].map(names))


def rules(quality: pd.DataFrame, file: str) -> dict[str, str]:
    rows = quality[quality["file"] == file]
    return dict(zip(rows["rule"], rows["severity"], strict=True))


def test_each_file_has_its_rows_and_a_sound_one_says_so(places: Places, tmp_path: Path) -> None:
    quality = examined(places, tmp_path / "in", {"a.dcm": sound(), "b.dcm": sound()[:-9], "c.txt": b"no picture"})
    assert rules(quality, "a.dcm") == {"Q000": "pass"}
    assert rules(quality, "b.dcm") == {"Q004": "reject"}
    assert rules(quality, "c.txt") == {"Q002": "reject"}
    assert set(quality["batch"]) == {"batch-0001"}
    assert (quality["image"] == quality["sha256"].str[:16]).all()


def test_duplicates_within_a_batch_are_told_of_the_later_one(places: Places, tmp_path: Path) -> None:
    files = {"a.dcm": sound(), "b.dcm": sound(StudyDescription="x"), "c.dcm": made.file(OTHER)}
    quality = examined(places, tmp_path / "in", files)
    assert rules(quality, "a.dcm") == {"Q000": "pass"}
    assert rules(quality, "b.dcm") == {"Q081": "warn"}
    assert rules(quality, "c.dcm")["Q081"] == "quarantine"


def test_duplicates_of_earlier_batches_are_told_and_the_same_bytes_belong_to_the_first(
    places: Places, tmp_path: Path
) -> None:
    first = examined(places, tmp_path / "one", {"a.dcm": sound()})
    second = examined(
        places, tmp_path / "two", {"a.dcm": sound(), "b.dcm": sound(PatientID="18", SOPInstanceUID="1.2")}
    )
    assert rules(second, "a.dcm") == {}
    assert rules(second, "b.dcm") == {"Q082": "quarantine"}
    assert first["image"].iloc[0] in second["evidence"].iloc[0]


def test_a_picture_that_looks_nearly_like_another_is_told(places: Places, tmp_path: Path) -> None:
    darker = np.asarray(made.chest(512, 512) * 0.9, np.uint16)
    files = {"a.dcm": sound(), "b.dcm": made.file(darker, SOPInstanceUID="1.2")}
    assert rules(examined(places, tmp_path / "in", files), "b.dcm") == {"Q083": "warn"}


def test_what_is_rejected_is_nobodys_original(places: Places, tmp_path: Path) -> None:
    quality = examined(places, tmp_path / "in", {"a.dcm": sound(Modality="CT"), "b.dcm": sound()})
    assert rules(quality, "b.dcm") == {"Q000": "pass"}


def test_labels_that_put_one_patient_into_two_splits_are_told(places: Places, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    labels = tmp_path / "in" / "labels.csv"
    labels.write_text("file,label,subject,split\na.dcm,normal,p,train\nb.dcm,normal,p,test\n")
    files = {"a.dcm": sound(PatientID=None), "b.dcm": made.file(OTHER, PatientID=None, SOPInstanceUID="1.2")}
    quality = examined(places, tmp_path / "in", files, LabelOptions(file=labels))
    assert rules(quality, "b.dcm")["Q084"] == "warn"


def test_examined_again_a_batch_gives_the_same(places: Places, tmp_path: Path) -> None:
    first = examined(places, tmp_path / "one", {"a.dcm": sound()})
    examined(places, tmp_path / "two", {"b.dcm": sound(StudyDescription="x")})
    pd.testing.assert_frame_equal(examine_batch(places, "batch-0001"), first.drop(columns="file"))
    assert sorted(LIKENESS.read(places)["order"]) == [1, 2]


@pytest.mark.parametrize("damaged", [["batch-0001"], ["batch-0002"], ["batch-0001", "batch-0002"]])
def test_batches_whose_likeness_was_damaged_find_their_places_again(
    places: Places, tmp_path: Path, damaged: list[str]
) -> None:
    first = examined(places, tmp_path / "one", {"a.dcm": sound()})
    second = examined(places, tmp_path / "two", {"b.dcm": sound(StudyDescription="x")})
    before = LIKENESS.read(places)
    for batch in damaged:
        LIKENESS.path(places, batch).write_bytes(b"PAR1")
    for batch, quality in (("batch-0001", first), ("batch-0002", second)):
        if batch in damaged:
            pd.testing.assert_frame_equal(examine_batch(places, batch), quality.drop(columns="file"))
    pd.testing.assert_frame_equal(LIKENESS.read(places), before)


def test_a_raw_file_that_is_gone_is_no_fault_of_the_picture(places: Places, tmp_path: Path) -> None:
    quality = examined(places, tmp_path / "in", {"a.dcm": sound(), "b.dcm": made.file(OTHER, SOPInstanceUID="1.2")})
    path = raw_path(places, str(quality["sha256"].iloc[0]))
    assert lost_raw(places) == {}
    path.unlink()
    with pytest.raises(StoreError, match=f"cannot read the raw file {path}: .* cannot be made anew, bring back a copy"):
        examine_batch(places, "batch-0001")
    assert list(lost_raw(places)) == [path.name]


def test_the_likeness_table_spells_no_identity(places: Places, tmp_path: Path) -> None:
    examined(places, tmp_path / "in", {"a.dcm": sound(PatientID="MRN-77120")})
    text = LIKENESS.read(places).to_csv()
    assert "MRN" not in text
    assert made.INSTANCE not in text


@pytest.mark.parametrize(("reason", "decision"), [("timeout", "quarantine"), ("killed", "reject"), ("error", "reject")])
def test_an_examination_without_end_is_a_finding(reason: str, decision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine_many, "map_in_lots", lambda *_, **__: iter([Lost(reason, "secret of the file")]))
    (found,) = examine_files([FileLocation(Path("x"))], [1], QualitySettings())
    assert found.decision == decision
    assert [finding.rule for finding in found.findings] == ["Q026"]
    assert "secret" not in found.findings[0].evidence


def test_a_file_that_takes_too_long_is_quarantined_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(b"no picture")
    (tmp_path / "slow.dcm").write_bytes(hostile.deflate_bomb())
    sizes = [path.stat().st_size for path in sorted(tmp_path.iterdir())]
    sources = [FileLocation(path) for path in sorted(tmp_path.iterdir())]
    decisions = [
        found.decision for found in examine_files(sources, sizes, QualitySettings(seconds=0.6, max_inflated_mib=600))
    ]
    assert decisions == ["reject", "quarantine"]


def test_progress_counts_files(places: Places, tmp_path: Path) -> None:
    examined(places, tmp_path / "in", {"a.dcm": sound(), "c.txt": b"no picture"})
    said: list[tuple[int, int, str]] = []
    examine_batch(places, "batch-0001", progress=lambda *now: said.append(now))
    assert said[-1] == (2, 2, "files examined")
