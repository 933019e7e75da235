"""Files and folders are judged one by one, in order, whatever lies among them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.serving import reading
from xray_platform.serving.files import predict_files
from xray_platform.serving.predict import Predictor
from xray_platform.serving.prediction import PredictedFile, RefusedFile
from xray_platform.workers import Limits, map_in_children

FIELDS = ["file", "model", "score", "probability", "verdict", "threshold", "threshold_probability", "quality"]


def test_a_folder_gives_one_record_a_file_in_order(predictor: Predictor, archive: Path, sound: list[Path]) -> None:
    told: list[tuple[int, int]] = []
    records = list(predict_files([archive], predictor, lambda done, total, _: told.append((done, total))))
    paths = sorted(str(path) for path in archive.rglob("*") if path.is_file())
    assert [record.file for record in records] == paths
    assert told == [(done, len(paths)) for done in range(1, len(paths) + 1)]
    judged = [record.file for record in records if isinstance(record, PredictedFile)]
    assert {str(path) for path in sound} <= set(judged)
    refused = {record.file: record.error for record in records if isinstance(record, RefusedFile)}
    assert refused[str(archive / "labels.csv")] == "Q002: neither DICOM nor JPEG nor PNG"
    assert any("no pixel data" in error for error in refused.values())


def test_alone_and_in_a_folder_a_picture_gets_the_same_verdict(predictor: Predictor, sound: list[Path]) -> None:
    for record in predict_files(sound, predictor):
        assert isinstance(record, PredictedFile)
        alone = predictor.predict(Path(record.file).read_bytes())
        assert record.prediction.score == pytest.approx(alone.score, abs=1e-6)
        assert replace(record.prediction, score=0, probability=0) == replace(alone, score=0, probability=0)


def test_a_line_has_just_the_promised_fields(predictor: Predictor, sound: list[Path], tmp_path: Path) -> None:
    good, bad = (json.loads(json.dumps(record.as_json())) for record in predict_files([sound[0], tmp_path], predictor))
    assert [name for name in good if name != "warnings"] == FIELDS
    assert list(bad) == ["file", "error"]


def test_paths_that_lead_nowhere_stop_nobody(predictor: Predictor, sound: list[Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / ".DS_Store").write_bytes(b"x")
    asked = [tmp_path / "gone.dcm", tmp_path / "empty", sound[0], tmp_path / "hidden"]
    first, second, third, fourth = predict_files(asked, predictor)
    assert first == RefusedFile(str(tmp_path / "gone.dcm"), "there is no such file or folder")
    assert second == RefusedFile(str(tmp_path / "empty"), "the folder holds no file")
    assert isinstance(third, PredictedFile)
    assert fourth == RefusedFile(str(tmp_path / "hidden"), "the folder holds no file")


def test_a_file_beyond_the_cap_is_not_even_read(predictor: Predictor, tmp_path: Path) -> None:
    strict = replace(predictor, quality=QualitySettings(max_file_mib=1))
    with (tmp_path / "huge.dcm").open("wb") as file:
        file.truncate(2 * 1024**2)
    (record,) = predict_files([tmp_path / "huge.dcm"], strict)
    assert record == RefusedFile(str(tmp_path / "huge.dcm"), "the file has 2097152 bytes; 1 MiB are allowed")


def test_a_file_is_read_in_a_child_that_may_take_so_long_and_so_much_only(
    predictor: Predictor, sound: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Limits] = []

    def listen(*given: Any, limits: Limits, **named: Any) -> Any:
        heard.append(limits)
        return map_in_children(*given, limits=limits, **named)

    monkeypatch.setattr(reading, "map_in_children", listen)
    strict = replace(predictor, quality=QualitySettings(seconds=7))
    (record,) = predict_files(sound[:1], strict)
    assert isinstance(record, PredictedFile)
    assert heard == [Limits(14, reading.MEMORY_BYTES)]


def test_nothing_asked_nothing_said(predictor: Predictor) -> None:
    assert list(predict_files([], predictor)) == []


def test_odd_files_of_public_suites_give_a_record_each(predictor: Predictor, shared_data: Path) -> None:
    odd = sorted((shared_data / "odd_dicom").glob("*.dcm"))[:60]
    records = list(predict_files(odd, predictor))
    assert [record.file for record in records] == [str(path) for path in odd]
    assert all(record.error for record in records if isinstance(record, RefusedFile))
