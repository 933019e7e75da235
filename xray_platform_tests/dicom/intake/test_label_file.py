"""Labels files: both forms, and every mistake that people make in them."""

from pathlib import Path

import pytest

from xray_platform.dicom.intake.label_file import LabelOptions, LabelRow, found_labels, read_labels
from xray_platform.errors import InputError


def written(folder: Path, text: str, name: str = "labels.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_plain_form_with_its_own_column_names(tmp_path: Path) -> None:
    path = written(tmp_path, "name,class,patient,part\na.dcm,NORMAL,p1,training\nb.dcm,PNEUMONIA,,\nc.dcm,,p2,Val\n")
    options = LabelOptions(path, "name", "class", ("normal",), "patient", "part")
    assert read_labels(options) == {
        "a.dcm": LabelRow(subject_id="p1", label="NORMAL", abnormal=False, split="train"),
        "b.dcm": LabelRow(label="PNEUMONIA", abnormal=True),
        "c.dcm": LabelRow(subject_id="p2", split="val"),
    }


def test_subject_and_split_columns_are_taken_where_they_are_called_so(tmp_path: Path) -> None:
    path = written(tmp_path, "file,label,subject,split\na.dcm,No Finding,7,test\n")
    assert read_labels(LabelOptions(path)) == {
        "a.dcm": LabelRow(subject_id="7", label="No Finding", abnormal=False, split="test")
    }


def test_the_metadata_form_is_known_by_its_columns(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "PatientID,StudyID,DicomPath,ViewPosition,Abnormal,Age,Sex\n"
        "1,s1,a.dcm,pa,1,61,F\n2,s2,b.dcm,,0,045Y,male\n3,s3,c.dcm,AP,,,\n",
        "metadata.csv",
    )
    assert list(read_labels(LabelOptions(path)).values()) == [
        LabelRow("1", "s1", "abnormal", True, None, "PA", 61.0, "F"),
        LabelRow("2", "s2", "normal", False, None, None, 45.0, "M"),
        LabelRow("3", "s3", None, None, None, "AP", None, None),
    ]


def test_a_file_from_a_spreadsheet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes('\ufefffile,label\r\n"a, b.dcm",normal\r\n,\r\n'.encode())
    assert list(read_labels(LabelOptions(path))) == ["a, b.dcm"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("file,label\n", "holds no rows"),
        ("file,diagnosis\na.dcm,normal\n", "has no column label; it has diagnosis, file"),
        ("picture,truth\na.dcm,normal\n", "has no column file and no column label"),
        ("file,label,file\na.dcm,normal,b.dcm\n", "names a column more than once: file"),
        ("file,label\na.dcm,normal\na.dcm,ill\n", "names 1 files more than once: a.dcm"),
        ("file,label\na.dcm\n", "line 2: another number of cells"),
        ("file,label\na.dcm,normal,extra\n", "line 2: another number of cells"),
        ("file,label\n  ,normal\n", "line 2: the column file is empty"),
        ("file,label,split\na.dcm,normal,holdout\n", "line 2: the split is unknown; train, val, test or nothing"),
        ("DicomPath,Abnormal\na.dcm,maybe\n", "Abnormal is unknown; 0, 1, true, false"),
        ("DicomPath,Abnormal,Age\na.dcm,1,old\n", "Age is no number of years from 0 to 150"),
        ("DicomPath,Abnormal,Age\na.dcm,1,200\n", "Age is no number of years"),
        ("DicomPath,Abnormal,Sex\na.dcm,1,X\n", "Sex is unknown; M, F, O or nothing"),
        ('file,label\n"a.dcm,normal\n', "is no well-formed CSV"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read_labels(LabelOptions(path))
    assert words in str(caught.value)
    assert "labels.csv" in str(caught.value)


def test_a_column_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    path = written(tmp_path, "file,label\na.dcm,normal\n")
    with pytest.raises(InputError, match="has no column patient"):
        read_labels(LabelOptions(path, subject_column="patient"))
    with pytest.raises(InputError, match="has no column part"):
        read_labels(LabelOptions(path, split_column="part"))


def test_no_file_and_no_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no labels file"):
        read_labels(LabelOptions(tmp_path / "none.csv"))
    path = tmp_path / "labels.csv"
    path.write_bytes(b"file,label\na.dcm,M\xfcller\n")
    with pytest.raises(InputError, match="no UTF-8 text"):
        read_labels(LabelOptions(path))


def test_a_labels_file_in_the_folder_is_found_unless_there_are_two(tmp_path: Path) -> None:
    assert found_labels(tmp_path) is None
    path = written(tmp_path, "file,label\n")
    assert found_labels(tmp_path) == LabelOptions(path)
    written(tmp_path, "DicomPath\n", "metadata.csv")
    with pytest.raises(InputError, match="say which one to take"):
        found_labels(tmp_path)


@pytest.mark.parametrize("nobody", ["UNKNOWN", "n/a", "000", "-", "none", "anonymous", "#N/A", "Not available", "NaN"])
def test_a_subject_that_names_nobody_is_none(tmp_path: Path, nobody: str) -> None:
    path = written(tmp_path, f"file,label,subject\na.dcm,normal,{nobody}\nb.dcm,normal,{nobody}\n")
    assert {row.subject_id for row in read_labels(LabelOptions(path)).values()} == {None}
    path = written(tmp_path, f"DicomPath,Abnormal,PatientID,StudyID\na.dcm,1,{nobody},{nobody}\n", "metadata.csv")
    (row,) = read_labels(LabelOptions(path)).values()
    assert (row.subject_id, row.study_id) == (None, None)


@pytest.mark.parametrize(
    ("said", "view"), [("pa", "PA"), ("AP supine", "AP"), ("Lateral", "LATERAL"), ("KOWALS", None), ("JANINA", None)]
)
def test_a_view_is_held_to_its_vocabulary(tmp_path: Path, said: str, view: str | None) -> None:
    path = written(tmp_path, f"DicomPath,Abnormal,ViewPosition\na.dcm,1,{said}\n")
    (row,) = read_labels(LabelOptions(path)).values()
    assert row.view_position == view


@pytest.mark.parametrize(
    "text",
    [
        "file,label,split\na.dcm,normal,Kowalska\n",
        "DicomPath,Abnormal\na.dcm,Kowalska\n",
        "DicomPath,Abnormal,Sex\na.dcm,1,Kowalska\n",
        "DicomPath,Abnormal,Age\na.dcm,1,Kowalska\n",
    ],
)
def test_a_name_in_a_wrong_column_is_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="line 2") as refused:
        read_labels(LabelOptions(written(tmp_path, text)))
    assert "Kowalska" not in str(refused.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_what_spreadsheets_write_is_read(tmp_path: Path, encoding: str, separator: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(f'file{separator}label\r\n"ä\nb.dcm"{separator}normal\r\n'.encode(encoding))
    assert list(read_labels(LabelOptions(path))) == ["ä\nb.dcm"]


def test_a_name_that_is_too_long_is_one_line(tmp_path: Path) -> None:
    path = written(tmp_path, f"file,label\n{'x' * 5000},normal\n")
    with pytest.raises(InputError, match="line 2: a name of 5000 signs; 4096 are allowed"):
        read_labels(LabelOptions(path))


def test_a_link_is_no_labels_file(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "labels.csv").symlink_to(written(tmp_path, "file,label\n", "elsewhere.csv"))
    assert found_labels(tmp_path / "in") is None
