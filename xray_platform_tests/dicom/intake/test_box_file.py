"""Boxes file: read as it is written; a file that cannot be understood is refused without a word of its cells."""

from pathlib import Path

import pytest

from xray_platform.dicom.intake.box_file import GivenBox, boxed_findings, found_boxes, read_boxes
from xray_platform.errors import InputError

HEAD = "file,x,y,width,height,finding"


def written(folder: Path, *lines: str, head: str = HEAD) -> Path:
    path = folder / "boxes.csv"
    path.write_text("\n".join([head, *lines]) + "\n")
    return path


def test_a_picture_may_have_several_boxes_and_a_line_without_numbers_draws_none(tmp_path: Path) -> None:
    file = written(tmp_path, "a.png,1,2,3,4,mass", "b.png,,,,,", "a.png, 5.5 ,6,7,8, Nodule ")
    assert read_boxes(file) == {
        "a.png": (
            GivenBox(x="1", y="2", width="3", height="4", finding="mass"),
            GivenBox(x="5.5", y="6", width="7", height="8", finding="Nodule"),
        ),
        "b.png": (),
    }


def test_a_list_with_other_columns_and_a_label_is_a_boxes_file(tmp_path: Path) -> None:
    file = written(tmp_path, "a.jpg,RSNA,Lung Opacity,1,2,3,4", head="file,source,label,x,y,width,height")
    assert read_boxes(file)["a.jpg"][0] == GivenBox(x="1", y="2", width="3", height="4", finding="Lung Opacity")


def test_what_is_no_number_is_kept_to_be_refused_with_a_reason(tmp_path: Path) -> None:
    file = written(tmp_path, "a.png,NaN,-2,inf,x,mass")
    assert read_boxes(file)["a.png"][0].width == "inf"


@pytest.mark.parametrize(
    ("lines", "head", "told"),
    [
        (["a.png,1,2,3,4,KOWALSKA,5"], HEAD, "line 2: another number of cells"),
        ([",1,2,3,4,KOWALSKA"], HEAD, "line 2: the column file is empty"),
        (["a.png,1,2,3,KOWALSKA"], "file,x,y,width,finding", "has no column height; a boxes file has file, x, y"),
        (["a.png,1,2,3,4"], "file,x,y,width,height", "has no column finding or label"),
        ([], HEAD, "holds no rows"),
        (["a.png,1,2,3,4," + "KOWALSKA" * 40], HEAD, "line 2: a cell of more than 200 signs"),
        (["a.png,1,2,3,4,KOWALSKA"] * 101, HEAD, "line 102: more than 100 boxes in one"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_without_its_cells(
    tmp_path: Path, lines: list[str], head: str, told: str
) -> None:
    with pytest.raises(InputError, match=told) as refused:
        read_boxes(written(tmp_path, *lines, head=head))
    assert "KOWALSKA" not in str(refused.value)


def test_the_list_beside_the_pictures_is_found_and_a_link_is_not(tmp_path: Path) -> None:
    assert found_boxes(tmp_path) is None
    file = written(tmp_path, "a.png,1,2,3,4,mass")
    assert found_boxes(tmp_path) == file
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "boxes.csv").symlink_to(file)
    assert found_boxes(linked) is None


def test_a_finding_that_one_person_alone_has_is_of_one_person(tmp_path: Path) -> None:
    file = written(tmp_path, "a.png,1,2,3,4,Janina", "b.png,1,2,3,4,Janina", "c.png,1,2,3,4,")
    said = [(one.label, one.subject_id) for one in boxed_findings(file, {"a.png": "P1", "b.png": "P1"})]
    assert said == [("Janina", "P1"), ("Janina", "P1"), (None, "c.png")]
