"""A file or a folder on its own: where it goes, what is said, and what is refused before anything is written."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from xray_platform.dicom.deidentify.paths import PathResult, deidentify_path
from xray_platform.errors import InputError, StoreError
from xray_platform_tests.dicom.deidentify.making import KEY, encoded, make, smooth


def run(source: Path, target: Path) -> list[PathResult]:
    return list(deidentify_path(source, target, KEY))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "in" / "DOE JANE"
    source.mkdir(parents=True)
    (source / "Doe Jane 1.dcm").write_bytes(encoded(make()))
    (source / "Doe Jane 2.dcm").write_bytes(encoded(make(PatientID="UNKNOWN")))
    (source / "notes on Doe.txt").write_text("not a picture")
    return tmp_path / "in"


def test_a_file_gives_a_file(folder: Path, tmp_path: Path) -> None:
    (result,) = run(folder / "DOE JANE" / "Doe Jane 1.dcm", tmp_path / "new" / "clean.dcm")
    assert result == PathResult(0, "written", tmp_path / "new" / "clean.dcm")
    made = pydicom.dcmread(tmp_path / "new" / "clean.dcm")
    assert made.PatientID == KEY.subject("MRN-77120")
    assert np.array_equal(made.pixel_array, smooth())


def test_a_folder_gives_a_folder_of_pseudonyms(folder: Path, tmp_path: Path) -> None:
    results = run(folder, tmp_path / "out")
    assert [result.decision for result in results] == ["written", "quarantine", "reject"]
    assert [result.rule for result in results] == ["", "Q090", "Q093"]
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert written == [results[0].written]
    assert "doe" not in " ".join(str(path.relative_to(tmp_path)).lower() for path in written)
    assert "doe" not in "".join(result.reason for result in results).lower()


def test_a_source_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        run(tmp_path / "nowhere", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no files"):
        run(tmp_path / "empty", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("target", ["in", "in/out", "."])
def test_the_source_is_never_written_over(folder: Path, tmp_path: Path, target: str) -> None:
    with pytest.raises(InputError, match="lie in each other"):
        run(folder, tmp_path / target)


def test_a_file_for_a_folder_and_a_folder_for_a_file_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        run(folder, tmp_path / "file")
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        run(folder / "DOE JANE" / "Doe Jane 1.dcm", tmp_path / "there")


def test_a_target_that_cannot_be_written_is_said_so(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file where a folder is wanted")
    with pytest.raises(StoreError, match="cannot write"):
        run(folder / "DOE JANE" / "Doe Jane 1.dcm", tmp_path / "blocked" / "clean.dcm")
