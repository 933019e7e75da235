"""Box file: read where a person drew boxes around findings, as it is written; what it is worth is judged later."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from xray_platform.dicom.intake.csv_lines import csv_lines, named_file
from xray_platform.errors import InputError

FOUND_BY_ITSELF = "boxes.csv"
FILE = "file"
SIDES = ("x", "y", "width", "height")
FINDING = ("finding", "label")
"""How the column of the finding may be called."""
MOST_BOXES = 100
_LONGEST = 200


class GivenBox(BaseModel):
    """A box as its line gives it, cells as text (raw zone: it may name a person).

    `x` and `y` are its left and upper edge, in pixels of the picture as it is stored in its file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    x: str
    y: str
    width: str
    height: str
    finding: str


@dataclass(frozen=True)
class BoxedFinding:
    """The finding of a box, as far as the vocabulary of labels asks; `subject_id` is whose picture it is."""

    label: str | None
    subject_id: str | None


def found_boxes(source: Path) -> Path | None:
    """Return the boxes file that lies in an ingested folder, or None; a link there is no boxes file."""
    file = source / FOUND_BY_ITSELF
    try:
        return file if file.is_file() and not file.is_symlink() else None
    except (OSError, ValueError):  # a path that cannot be; listing it says why
        return None


def read_boxes(file: Path) -> dict[str, tuple[GivenBox, ...]]:
    """Return the boxes by the name that the file gives each picture; none where a line names a picture and no box.

    Raises InputError where the file cannot be read, lacks a column, or draws very many boxes in one picture; numbers
    that are none and boxes that lie outside are kept, to be refused with a reason. No message holds a cell's value.
    """
    boxes: dict[str, tuple[GivenBox, ...]] = {}
    finding = ""
    for number, line in csv_lines(file, "boxes file"):
        finding = finding or _finding_column(file, line.keys())
        name, cells = named_file(line, FILE, file, number), [line[column].strip() for column in (*SIDES, finding)]
        if any(len(cell) > _LONGEST for cell in cells):
            raise InputError(f"{file}, line {number}: a cell of more than {_LONGEST} signs")
        given = dict(zip((*SIDES, "finding"), cells, strict=True))
        before = boxes.get(name, ())
        boxes[name] = (*before, GivenBox(**given)) if any(cells[:4]) else before
        if len(boxes[name]) > MOST_BOXES:
            raise InputError(f"{file}, line {number}: more than {MOST_BOXES} boxes in one picture")
    if not boxes:
        raise InputError(f"{file} holds no rows")
    return boxes


def boxed_findings(file: Path, subjects: Mapping[str, str | None]) -> list[BoxedFinding]:
    """Return the finding of each box, with whose picture it is: the subject of its file where known, else the file.

    Raises InputError as `read_boxes` does.
    """
    return [
        BoxedFinding(box.finding or None, subjects.get(name) or name)
        for name, boxes in read_boxes(file).items()
        for box in boxes
    ]


def _finding_column(file: Path, columns: Iterable[str]) -> str:
    names = set(columns)
    missing = [name for name in (FILE, *SIDES) if name not in names]
    finding = [name for name in FINDING if name in names]
    if missing or not finding:
        lacks = [*missing, *([] if finding else [" or ".join(FINDING)])]
        raise InputError(
            f"{file} has no column {' and no column '.join(lacks)}; a boxes file has {FILE}, {', '.join(SIDES)} "
            f"(in pixels of the file, from its upper left corner) and {' or '.join(FINDING)}, and may have others"
        )
    return finding[0]
