"""Results go to listed archives alone, once each; every try is journalled, and nobody else learns of a patient."""

import io
import json
import stat
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import highdicom as hd
import pytest
from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian

from xray_platform.clinical_columns import ClinicalFacts
from xray_platform.dicom.intake.raw_store import raw_path
from xray_platform.dicom.intake.verify import verify
from xray_platform.errors import MachineError, StoreError
from xray_platform.ports import HOST, free_port
from xray_platform.serving.pacs.destinations import Archive
from xray_platform.serving.pacs.result_store import read_results
from xray_platform.serving.pacs.results import ModelIdentity
from xray_platform.serving.pacs.send import ListedImage, Outcome, Sender
from xray_platform.serving.pacs.sent_journal import read_sent
from xray_platform.serving.pacs.settings import PacsSettings
from xray_platform.serving.predict import Predictor
from xray_platform.tables.places import Places
from xray_platform_tests.cli.conftest import command
from xray_platform_tests.serving.pacs.archives import TITLE, Taking, listed, published_store, taking
from xray_platform_tests.serving.told import told_bundle

MODEL = ModelIdentity("attention_cnn", "7", "ab" * 32)


@pytest.fixture
def places(tmp_path: Path, archive: Path) -> Places:
    return published_store(tmp_path / "store", archive)


@pytest.fixture
def sender(places: Places, predictor: Predictor) -> Sender:
    return Sender(places, predictor, MODEL, PacsSettings(network_seconds=5))


def to(taking: Taking) -> Archive:
    return Archive.parse("archive", taking.where)


def sent(sender: Sender, images: list[ListedImage], archive: Archive) -> list[Outcome]:
    return list(sender.send(images, archive))


def test_results_arrive_once_about_the_true_patient_and_are_journalled(sender: Sender, places: Places) -> None:
    images = listed(places)[:4]
    with taking() as archive:
        assert {one.ending for one in sent(sender, images, to(archive))} == {"sent"}
        assert len(archive.came) == 3 * len(images)
        assert {one.ending for one in sent(sender, images, to(archive))} == {"known"}
        assert len(archive.came) == 3 * len(images)
    sources = [dcmread(raw_path(places, image.sha256), stop_before_pixels=True) for image in images]
    assert {one.PatientID for one in archive.came} == {source.PatientID for source in sources}
    assert {one.StudyInstanceUID for one in archive.came} == {source.StudyInstanceUID for source in sources}
    lines = read_sent(places)
    assert [(line.status, line.destination, line.image) for line in lines] == [
        ("sent", "archive", image.sha256) for image in images
    ]
    journal = (places.raw / "pacs" / "sent.jsonl").read_text()
    assert not any(one.SOPInstanceUID in journal for one in archive.came)


def test_an_image_is_judged_with_what_its_labels_told_where_its_header_is_silent(tmp_path: Path, archive: Path) -> None:
    (tmp_path / "bare").mkdir()
    dataset = dcmread(min(archive.rglob("*.dcm")))
    for tag in ("PatientAge", "PatientSex", "PatientBirthDate", "ViewPosition", "PatientPosition"):
        if tag in dataset:
            delattr(dataset, tag)
    dataset.save_as(tmp_path / "bare" / "chest.dcm")
    said = "DicomPath,Abnormal,Age,Sex,ViewPosition\nchest.dcm,0,63,F,AP\n"
    (tmp_path / "bare" / "metadata.csv").write_text(said)
    places = published_store(tmp_path / "store", tmp_path / "bare")
    (image,) = listed(places)
    told = Predictor.load(told_bundle(tmp_path / "bundle").folder, threads=1)
    assert list(Sender(places, told, MODEL, PacsSettings()).make([image])) == []
    (report,) = (one for one in read_results(places, image.sha256, MODEL.bundle) if one.Modality == "SR")
    report.save_as(tmp_path / "report.dcm")
    content: Any = hd.sr.srread(tmp_path / "report.dcm").content
    (group,) = content.get_image_measurement_groups()
    values = {one.name.value: one.value for one in group.get_measurements()}
    data = raw_path(places, image.sha256).read_bytes()
    assert values["SCORE"] == pytest.approx(told.predict(data, said=ClinicalFacts(63.0, "F", "AP")).score, abs=1e-5)
    assert values["SCORE"] != pytest.approx(told.predict(data).score, abs=1e-3)


def test_results_are_for_their_owner_alone_and_in_the_raw_zone_alone(sender: Sender, places: Places) -> None:
    images = listed(places)[:2]
    before = {path for path in places.root.rglob("*") if not path.is_relative_to(places.raw)}
    with taking() as archive:
        sent(sender, images, to(archive))
    assert {path for path in places.root.rglob("*") if not path.is_relative_to(places.raw)} == before
    assert not verify(places), "the sealed raw zone is as it was"
    results = list((places.raw / "results").rglob("*"))
    assert sum(path.is_file() for path in results) == 6
    for path in [*results, places.raw / "results", places.raw / "pacs", places.raw / "pacs" / "sent.jsonl"]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_what_was_refused_is_a_row_with_a_reason_and_tried_again(sender: Sender, places: Places) -> None:
    images = listed(places)[:2]
    with taking() as archive:
        archive.status = 0xA700
        assert [(one.ending, one.reason) for one in sent(sender, images, to(archive))] == [
            ("failed", "refused with A700")
        ] * 2
        archive.status = 0
        assert {one.ending for one in sent(sender, images, to(archive))} == {"sent"}
        uids = [one.SOPInstanceUID for one in archive.came]
        assert len(uids) == len(set(uids)) == 6
    assert [line.status for line in read_sent(places)] == ["failed", "failed", "sent", "sent"]


def test_an_archive_that_is_not_there_is_told_and_journalled(sender: Sender, places: Places) -> None:
    nobody = Archive.parse("archive", f"dicom://{TITLE}@{HOST}:{free_port()}")
    with pytest.raises(MachineError, match="cannot be reached"):
        sent(sender, listed(places), nobody)
    assert [line.reason for line in read_sent(places)] == ["archive cannot be reached"]
    assert not (places.raw / "results").exists(), "nothing is made for nobody"
    with taking() as archive, pytest.raises(MachineError, match="rejects us"):
        sent(sender, listed(places), Archive.parse("archive", archive.where.replace(TITLE, "WRONG")))


def test_an_archive_without_jpeg_2000_gets_plain_pixels(sender: Sender, places: Places) -> None:
    with taking([ExplicitVRLittleEndian]) as archive:
        (outcome,) = sent(sender, listed(places)[:1], to(archive))
        assert outcome.ending == "sent"
    assert {str(one.file_meta.TransferSyntaxUID) for one in archive.came} == {str(ExplicitVRLittleEndian)}


def test_a_raw_file_that_was_changed_has_no_results(sender: Sender, places: Places) -> None:
    image = listed(places)[0]
    path = raw_path(places, image.sha256)
    other = raw_path(places, listed(places)[1].sha256).read_bytes()
    path.chmod(0o600)
    path.write_bytes(other)
    with taking() as archive:
        with pytest.raises(StoreError, match="is not what came"):
            sent(sender, [image], to(archive))
        assert not archive.came


def test_a_journal_that_somebody_wrote_stops_everything(sender: Sender, places: Places) -> None:
    images = listed(places)[:1]
    with taking() as archive:
        sent(sender, images, to(archive))
        journal = places.raw / "pacs" / "sent.jsonl"
        journal.write_text(journal.read_text().replace('"sent"', '"failed"'))
        with pytest.raises(StoreError, match="was not written by this platform"):
            sent(sender, images, to(archive))
        assert len(archive.came) == 3


def test_nothing_of_a_patient_is_said(sender: Sender, places: Places) -> None:
    images, out, err = listed(places), io.StringIO(), io.StringIO()
    with taking() as archive, redirect_stdout(out), redirect_stderr(err):
        outcomes = sent(sender, images, to(archive))
    said = out.getvalue() + err.getvalue() + json.dumps([vars(one) for one in outcomes])
    for image in images:
        source = dcmread(raw_path(places, image.sha256), stop_before_pixels=True)
        for value in (source.PatientID, *str(source.PatientName).split("^"), source.StudyInstanceUID):
            assert len(value) < 4 or str(value) not in said


@pytest.mark.parametrize("words", [("elsewhere",), (f"dicom://{TITLE}@{HOST}:104",), ("https://example.org/",)])
def test_what_is_not_on_the_list_gets_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "data" / "raw").mkdir(parents=True)
    (tmp_path / "xray.yaml").write_text(f"pacs: {{destinations: {{archive: 'dicom://{TITLE}@{HOST}:104'}}}}")
    ran = command(tmp_path, "send", *words)
    assert (ran.code, "is no destination" in ran.err) == (2, True)


@pytest.mark.parametrize(
    "where",
    ["http://pacs.example/dicom-web", "https://user:word@pacs.example/", "dicom://10.0.0.5:104", "dicom://A@10.0.0.5",
     "dicom://A:b@10.0.0.5:104", "ftp://A@10.0.0.5:21", "dicom://A\\B@10.0.0.5:104", "file:///etc"],
)  # fmt: skip
def test_an_address_that_is_not_safe_or_none_is_refused(tmp_path: Path, where: str) -> None:
    (tmp_path / "data" / "raw").mkdir(parents=True)
    (tmp_path / "xray.yaml").write_text(json.dumps({"pacs": {"destinations": {"archive": where}}}))
    ran = command(tmp_path, "send", "archive")
    assert (ran.code, "destinations" in ran.err) == (1, True)
