"""The whole way round with a true archive: images in, results back, read again from the archive."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from xray_platform.bench.orthanc import TITLE, Orthanc, installed, orthanc
from xray_platform.errors import MachineError
from xray_platform.ports import free_port
from xray_platform.serving.pacs.delivery import web_client
from xray_platform.serving.pacs.destinations import Archive
from xray_platform.serving.pacs.pull import Pulled, pull
from xray_platform.serving.pacs.query import Query
from xray_platform.serving.pacs.received_files import received_files
from xray_platform.serving.pacs.results import ModelIdentity
from xray_platform.serving.pacs.send import Sender
from xray_platform.serving.pacs.settings import PacsSettings
from xray_platform.serving.predict import Predictor
from xray_platform.tables.places import Places
from xray_platform_tests.cli.conftest import command
from xray_platform_tests.serving.pacs.archives import listed, published_store
from xray_platform_tests.serving.pacs.devices import associated, data_set, receiving, sent

pytestmark = pytest.mark.skipif(not installed(), reason="Orthanc and its DICOMweb are not installed")
MODEL = ModelIdentity("attention_cnn", "7", "ab" * 32)
SETTINGS = PacsSettings(network_seconds=20)


@pytest.fixture(scope="module")
def own_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def archive_of_hospital(
    tmp_path_factory: pytest.TempPathFactory, files: list[Path], own_port: int
) -> Iterator[Orthanc]:
    """An archive that holds all phantoms."""
    with orthanc(tmp_path_factory.mktemp("hospital") / "orthanc", {"XRAY": own_port}) as running:
        with associated(running.port, files, called=TITLE) as association:
            assert [sent(association, file) for file in files] == [0] * len(files)
        yield running


def pulled(places: Places, where: str, query: Query) -> Pulled:
    with received_files(places, "pull") as files:
        return pull(Archive.parse("hospital", where), query, files, SETTINGS)


def names(files: list[Path]) -> set[str]:
    return {str(dcmread(file, stop_before_pixels=True).SOPInstanceUID) for file in files}


def inbox(places: Places) -> list[Path]:
    return sorted(places.inbox.rglob("*.dcm"))


@pytest.mark.parametrize("way", ["dicom", "web"])
def test_what_a_query_finds_is_fetched_once(
    archive_of_hospital: Orthanc, files: list[Path], tmp_path: Path, way: str
) -> None:
    places, where = Places(tmp_path), getattr(archive_of_hospital, way)
    days = Query(study_date="19000101-20991231")
    came = pulled(places, where, days)
    assert (came.stored, came.known, dict(came.failed)) == (len(files), 0, {})
    assert names(inbox(places)) == names(files)
    again = pulled(places, where, days)
    assert (again.stored, again.known) == (0, len(files))
    pixels = {dcmread(file).PixelData for file in files}
    assert {dcmread(file).PixelData for file in inbox(places)} == pixels
    if way == "dicom":
        assert {data_set(file) for file in files} >= {data_set(file) for file in inbox(places)}


@pytest.mark.parametrize("way", ["dicom", "web"])
def test_only_what_was_asked_for_is_fetched(
    archive_of_hospital: Orthanc, files: list[Path], tmp_path: Path, way: str
) -> None:
    places, where = Places(tmp_path), getattr(archive_of_hospital, way)
    wanted = dcmread(files[0], stop_before_pixels=True)
    assert pulled(places, where, Query(patient_id=str(wanted.PatientID))).stored >= 1
    assert {dcmread(file, stop_before_pixels=True).PatientID for file in inbox(places)} == {wanted.PatientID}
    nothing = pulled(places, where, Query(study_uid="2.25.404"))
    assert (nothing.series, nothing.stored) == (0, 0)
    other = Query(study_date="19000101-20991231", modalities=("CT",))
    assert pulled(places, where, other).series == 0


def test_by_c_move_the_archive_sends_to_the_receiver(
    archive_of_hospital: Orthanc, files: list[Path], tmp_path: Path, own_port: int
) -> None:
    wanted = str(dcmread(files[0], stop_before_pixels=True).StudyInstanceUID)
    settings: dict[str, Any] = {"sources": {"hospital": archive_of_hospital.dicom}, "network_seconds": 20}
    with receiving(tmp_path, port=own_port, **settings) as running:
        ran = command(tmp_path, "pull", "hospital", "--study-uid", wanted, "--move")
        assert ran.code == 0, ran.err
        studies = {dcmread(file, stop_before_pixels=True).StudyInstanceUID for file in running.received()}
    assert studies == {wanted}


def test_the_command_says_what_it_cannot_do(archive_of_hospital: Orthanc, tmp_path: Path) -> None:
    (tmp_path / "xray.yaml").write_text(f"pacs: {{sources: {{hospital: '{archive_of_hospital.dicom}'}}}}")
    for words, said in (
        (("hospital",), "say which images"),
        (("hospital", "--study-date", "yesterday"), "is no date"),
        (("hospital", "--patient-id", "*"), "take no *"),
        (("elsewhere", "--study-date", "20240101"), "is no source"),
    ):
        ran = command(tmp_path, "pull", *words)
        assert (ran.code, said in ran.err) == (2, True), ran.err


def test_an_archive_that_is_not_there_is_told(tmp_path: Path) -> None:
    for where in (f"dicom://{TITLE}@127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}/dicom-web"):
        with pytest.raises(MachineError, match="cannot be reached"):
            pulled(Places(tmp_path), where, Query(study_date="20240101"))


@pytest.mark.parametrize("way", ["dicom", "web"])
def test_images_go_round_and_come_back_with_results(
    tmp_path: Path, archive: Path, files: list[Path], predictor: Predictor, way: str
) -> None:
    """Images from the archive are taken in and judged; the results come back into the same studies."""
    with orthanc(tmp_path / "orthanc") as hospital:
        with associated(hospital.port, files, called=TITLE) as association:
            assert [sent(association, file) for file in files] == [0] * len(files)
        places = published_store(tmp_path / "store", archive)
        images = listed(places)
        where = Archive.parse("hospital", getattr(hospital, way))
        outcomes = list(Sender(places, predictor, MODEL, SETTINGS).send(images, where))
        assert {one.ending for one in outcomes} == {"sent"}, outcomes
        studies = len(hospital.asked("/studies"))
        client = web_client(Archive.parse("hospital", hospital.web), SETTINGS)
        reports = client.search_for_series(search_filters={"Modality": "SR"})
        assert len(reports) == len(images)
        assert hospital.asked("/statistics")["CountInstances"] == len(files) + 3 * len(images)
        first = reports[0]
        (report,) = client.retrieve_series(first["0020000D"]["Value"][0], first["0020000E"]["Value"][0])
        assert (report.CompletionFlag, report.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
        source = {dcmread(file, stop_before_pixels=True).StudyInstanceUID for file in files}
        assert report.StudyInstanceUID in source
        assert studies == len(source), "results are in the studies of their sources, and in no new ones"
