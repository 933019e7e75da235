"""Results are sound DICOM objects about the true patient, say what the model said, and are the same each time."""

import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from xray_platform.errors import InputError
from xray_platform.serving.pacs.judged_image import JudgedImage, judge_files
from xray_platform.serving.pacs.results import KINDS, ModelIdentity, make_results, read_header
from xray_platform.serving.predict import Predictor

MODEL = ModelIdentity("attention_cnn", "7", "ab" * 32)
Results = list[tuple[Path, JudgedImage, dict[str, Dataset]]]


@pytest.fixture(scope="module")
def results(files: list[Path], predictor: Predictor) -> Results:
    found: Results = []
    for file, judged in zip(files, judge_files(files, predictor), strict=True):
        assert isinstance(judged, JudgedImage)
        found.append((file, judged, dict(made(file.read_bytes(), judged))))
    return found


def made(data: bytes, judged: JudgedImage) -> dict[str, Dataset]:
    return dict(make_results(read_header(data), sha256(data).hexdigest(), judged, MODEL))


def test_patient_and_study_are_those_of_the_source_and_series_are_new(results: Results) -> None:
    for file, _, objects in results:
        source = dcmread(file, stop_before_pixels=True)
        uids = {source.SeriesInstanceUID, source.SOPInstanceUID}
        for one in objects.values():
            assert (one.PatientID, one.PatientName) == (source.PatientID, source.PatientName)
            assert one.StudyInstanceUID == source.StudyInstanceUID
            assert "not for diagnostic use" in one.SeriesDescription
            uids |= {one.SeriesInstanceUID, one.SOPInstanceUID}
        assert len(uids) == 2 + 2 * len(KINDS)


def test_the_report_says_what_the_model_said(results: Results, tmp_path: Path) -> None:
    for number, (file, judged, objects) in enumerate(results):
        path = tmp_path / f"{number}.dcm"
        objects["report"].save_as(path)
        report = hd.sr.srread(path)
        assert (report.CompletionFlag, report.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
        content: Any = report.content
        (group,) = content.get_image_measurement_groups()
        values = {one.name.value: one.value for one in group.get_measurements()}
        assert values["PROB"] == pytest.approx(judged.prediction.probability)
        assert values["THRESH"] == pytest.approx(judged.prediction.threshold_probability)
        said = {one.name.value: one.value.meaning for one in group.get_qualitative_evaluations()}
        assert said["VERDICT"].lower() == judged.prediction.verdict
        assert said["USE"] == "Not for diagnostic use"
        text = report.to_json()
        assert all(words in text for words in (MODEL.name, MODEL.version, MODEL.bundle))
        assert dcmread(file, stop_before_pixels=True).SOPInstanceUID in text


def test_the_heat_map_comes_back_pixel_by_pixel(results: Results, tmp_path: Path) -> None:
    import cv2

    for number, (file, judged, objects) in enumerate(results[:4]):
        path = tmp_path / f"{number}.dcm"
        objects["segmentation"].save_as(path)
        segmentation = hd.seg.segread(path)
        source = dcmread(file, stop_before_pixels=True)
        heat = cv2.imdecode(np.frombuffer(judged.heatmap.png, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert (segmentation.Rows, segmentation.Columns) == (source.Rows, source.Columns)
        np.testing.assert_array_equal(segmentation.pixel_array, heat)


def test_the_picture_shows_image_and_heat_map_in_colour(results: Results) -> None:
    for _, judged, objects in results:
        shown = objects["capture"].pixel_array
        assert shown.shape == (*judged.grey.shape, 3)
        assert shown.std() > 5
        assert objects["capture"].BurnedInAnnotation == "YES"


def test_the_same_again_has_the_same_uids_and_another_model_others(results: Results) -> None:
    file, judged, objects = results[0]
    again = made(file.read_bytes(), judged)
    assert [one.SOPInstanceUID for one in again.values()] == [one.SOPInstanceUID for one in objects.values()]
    data = file.read_bytes()
    other = ModelIdentity("attention_cnn", "8", "cd" * 32)
    others = make_results(read_header(data), sha256(data).hexdigest(), judged, other)
    assert not {one.SOPInstanceUID for one in others.values()} & {one.SOPInstanceUID for one in objects.values()}


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools is not installed")
def test_dciodvfy_finds_no_error(results: Results, tmp_path: Path, files: list[Path]) -> None:
    bare = dcmread(files[0])
    for name in ("PatientOrientation", "PatientID", "StudyTime", "AccessionNumber"):
        if name in bare:
            delattr(bare, name)
    bare.PatientAge, bare.PixelSpacing = "62", [0, 0]
    bare.save_as(tmp_path / "bare.dcm")
    odd = made((tmp_path / "bare.dcm").read_bytes(), results[0][1])
    errors = []
    for number, objects in enumerate([odd, *(objects for _, _, objects in results)]):
        for kind, one in objects.items():
            path = tmp_path / f"{number}-{kind}.dcm"
            one.save_as(path, enforce_file_format=True)
            done = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False, timeout=60)
            errors += [(kind, line) for line in done.stderr.splitlines() if line.startswith("Error")]
    assert not errors


def test_what_is_odd_about_a_patient_is_told_to_nobody(
    results: Results,
    files: list[Path],
    tmp_path: Path,
    recwarn: pytest.WarningsRecorder,
    capfd: pytest.CaptureFixture[str],
) -> None:
    odd = dcmread(files[0])
    odd.PatientName = "ONLYONECOMPONENT"
    odd.save_as(tmp_path / "odd.dcm")
    made((tmp_path / "odd.dcm").read_bytes(), results[0][1])
    said = capfd.readouterr()
    assert "ONLYONE" not in said.out + said.err + "".join(str(warning.message) for warning in recwarn)


@pytest.mark.parametrize("data", [b"", b"\x89PNG and so on", bytes(128) + b"DICM"])
def test_what_is_no_object_has_no_results(data: bytes) -> None:
    with pytest.raises(InputError):
        read_header(data)
