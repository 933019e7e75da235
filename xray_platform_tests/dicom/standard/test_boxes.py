"""Boxes: each lands where its pixels land, or has a reason; what may be a name stays in the raw zone."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_platform.bounding_box import BoundingBox
from xray_platform.dicom.intake.batch_plan import plan_batches, read_plan
from xray_platform.dicom.intake.label_words import declare
from xray_platform.dicom.intake.raw_store import take_in
from xray_platform.dicom.pixels.orientation import TURNED_FROM
from xray_platform.dicom.standard.boxes import boxes_of, place_in_standard
from xray_platform.errors import InputError
from xray_platform.tables.all import CATALOGUE, STANDARD_IMAGES
from xray_platform.tables.places import Places

HEAD = "file,x,y,width,height,finding"
ROWS, COLUMNS = 200, 100
NOWHERE = (None, None, None, None)


def say(places: Places, source: Path, *lines: str) -> None:
    """Take the pictures in with these boxes, as if all but the last were accepted, and the third had been turned."""
    (source / "boxes.csv").write_text("\n".join([HEAD, *lines]) + "\n")
    take(places, source)
    if not STANDARD_IMAGES.parts(places):
        hashes = CATALOGUE.read(places)["sha256"][:3]
        rows = [image(str(sha256), "LF" if number < 2 else "FL") for number, sha256 in enumerate(hashes)]
        STANDARD_IMAGES.write(places, STANDARD_IMAGES.frame(rows), "batch-0001")


def take(places: Places, source: Path) -> None:
    for plan in plan_batches(places, source):
        CATALOGUE.write(places, take_in(places, plan), plan.batch)


def image(sha256: str, turned_from: str) -> dict[str, object]:
    return {
        "image": sha256[:16], "batch": "batch-0001", "rows": ROWS, "columns": COLUMNS, "window_low": 0.0,
        "window_high": 9.0, "grey_levels": 9, "turned_from": turned_from, "done": [],
    }  # fmt: skip


def told(places: Places) -> list[tuple[object, ...]]:
    """Return the boxes with the number of their picture, in order."""
    frame = boxes_of(places).frame.astype("object")
    frame = frame.where(frame.notna(), None)
    names = [sha256[:16] for sha256 in CATALOGUE.read(places, "batch-0001")["sha256"]]
    frame["name"] = [names.index(image) for image in frame["image"]]
    columns = ["name", "finding", "left", "top", "width", "height", "refused"]
    return list(frame.sort_values(["name", "box"])[columns].itertuples(index=False, name=None))


def test_boxes_are_placed_or_have_a_reason_and_none_is_lost(places: Places, source: Path) -> None:
    say(
        places, source,
        "0.dcm,10,20,30,40,Lung  Opacity",
        "0.dcm,NaN,20,30,40,mass",
        "0.dcm,-5,20,30,40,mass",
        "0.dcm,80,190,20.5,10.4,mass",
        "1.dcm,10,20,0,40,mass",
        "1.dcm,1e9,20,30,40,mass",
        "1.dcm,10,20,30,40,KOWALSKA^JANINA",
        "1.dcm,10,20,30,40,No Finding",
        "1.dcm,10,,30,40,mass",
        "2.dcm,20,10,40,30,nodule",
        "3.dcm,1,2,3,4,mass",
    )  # fmt: skip
    assert told(places) == [
        (0, "lung opacity", 10, 20, 30, 40, None),
        (0, "mass", *NOWHERE, "no number"),
        (0, "mass", *NOWHERE, "outside"),
        (0, "mass", 80, 190, 20, 10, None),
        (1, "mass", *NOWHERE, "no area"),
        (1, "mass", *NOWHERE, "outside"),
        (1, None, *NOWHERE, "held back"),
        (1, None, *NOWHERE, "no finding"),
        (1, "mass", *NOWHERE, "no number"),
        (2, "nodule", 10, 20, 30, 40, None),
        (3, "mass", *NOWHERE, "no image"),
    ]


def test_no_label_is_invented_from_a_box(places: Places, source: Path) -> None:
    say(places, source, "0.dcm,10,20,30,40,mass")
    file = read_plan(places, "batch-0001").files[0]
    assert (file.label, file.abnormal, file.boxes is not None) == (None, None, True)


def test_a_correction_corrects_what_it_speaks_of_and_an_empty_line_takes_boxes_away(
    places: Places, source: Path
) -> None:
    say(places, source, "0.dcm,1,2,3,4,mass", "1.dcm,1,2,3,4,mass", "2.dcm,1,2,3,4,mass")
    say(places, source, "0.dcm,5,6,7,8,nodule", "1.dcm,,,,,")
    assert [row[:6] for row in told(places)] == [(0, "nodule", 5, 6, 7, 8), (2, "mass", 2, 1, 4, 3)]
    assert [file.relative for file in read_plan(places, "batch-0002").files] == ["0.dcm", "1.dcm"]
    assert plan_batches(places, source) == ()


def test_labels_that_come_later_leave_the_boxes(places: Places, source: Path) -> None:
    say(places, source, "0.dcm,1,2,3,4,mass")
    (source / "boxes.csv").unlink()
    (source / "labels.csv").write_text("file,label\n0.dcm,mass\n")
    take(places, source)
    assert len(told(places)) == 1


def test_a_declared_word_is_a_finding(places: Places, source: Path) -> None:
    say(places, source, "0.dcm,1,2,3,4,Crackpot lung")
    assert told(places)[0][-1] == "held back"
    declare(places, ["crackpot lung"])
    assert told(places)[0][:3] == (0, "crackpot lung", 1)


def test_boxes_of_files_that_are_not_there_are_counted_until_those_come(places: Places, source: Path) -> None:
    say(places, source, "0.dcm,1,2,3,4,mass", "KOWALSKA.dcm,1,2,3,4,mass", "KOWALSKA.dcm,5,6,7,8,mass")
    assert boxes_of(places).of_no_file == 2
    (source / "KOWALSKA.dcm").write_bytes(b"picture of K")
    take(places, source)
    joined = boxes_of(places)
    assert (joined.of_no_file, len(joined.frame)) == (0, 3)


def test_a_file_of_which_no_name_is_right_is_refused(places: Places, source: Path) -> None:
    with pytest.raises(InputError, match=r"names 1 files that are not there: 0\.png"):
        say(places, source, "0.png,1,2,3,4,mass")


@given(
    turned_from=st.sampled_from(sorted(TURNED_FROM)), top=st.integers(0, 30), left=st.integers(0, 20),
    height=st.integers(1, 12), width=st.integers(1, 12),
)  # fmt: skip
def test_a_box_lands_on_the_pixels_it_was_drawn_around_and_comes_back(
    turned_from: str, top: int, left: int, height: int, width: int
) -> None:
    stored = np.zeros((42, 32), bool)
    stored[top : top + height, left : left + width] = True
    standard = TURNED_FROM[turned_from].apply(stored)
    drawn = BoundingBox(top, left, height, width)
    box = place_in_standard(drawn, standard.shape[0], standard.shape[1], turned_from)
    inside = standard[int(box.top) : int(box.bottom), int(box.left) : int(box.right)]
    assert inside.all()
    assert inside.size == height * width
    assert TURNED_FROM[turned_from].inverse().box(box, standard.shape[0], standard.shape[1]) == drawn
