"""Source lists: the labels file and the boxes file that speak of the files of a source."""

import os
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from xray_platform.dicom.intake.box_file import GivenBox, read_boxes
from xray_platform.dicom.intake.label_file import LabelOptions, LabelRow
from xray_platform.dicom.intake.label_match import match, match_names, names_of_nothing
from xray_platform.dicom.intake.sources import SourceFile
from xray_platform.errors import InputError


@dataclass(frozen=True)
class SaidOfFiles:
    """What the lists say, by the relative path of each file; and how many boxes are drawn in files that are not there.

    Of a file that the boxes file does not name there are no boxes; of one that it names without any, an empty tuple.
    """

    labels: dict[str, LabelRow]
    boxes: dict[str, tuple[GivenBox, ...]]
    boxes_of_no_file: int


@dataclass(frozen=True)
class SourceLists:
    """The lists of a source, as far as there are any."""

    labels: LabelOptions | None
    boxes: Path | None

    @cached_property
    def files(self) -> frozenset[Path]:
        """The lists themselves, which are no pictures."""
        named = [self.labels.file if self.labels else None, self.boxes]
        return frozenset(_real(file) for file in named if file is not None)

    def hold(self, file: Path) -> bool:
        """Whether a file is one of the lists, whatever links lead to it."""
        return bool(self.files) and _real(file) in self.files

    def digests(self) -> dict[str, str | None]:
        """Return the SHA-256 of each list as plans note it. Raises InputError where one cannot be read."""
        files = {"labels_sha256": self.labels.file if self.labels else None, "boxes_sha256": self.boxes}
        return {name: _digest(file) if file else None for name, file in files.items()}

    def match(self, source: Path, found: list[SourceFile]) -> SaidOfFiles:
        """Return what the lists say of the files that were `found` below a source.

        Raises InputError for a list that cannot be read, for labels of files that are not there, and where none of
        the boxes is of a file that is.
        """
        labels = match(source, found, self.labels) if self.labels else {}
        if self.boxes is None:
            return SaidOfFiles(labels, {}, 0)
        rows = read_boxes(self.boxes)
        matched = match_names(found, self.boxes, rows)
        if matched.lost and not matched.relative:
            raise names_of_nothing(source, self.boxes, matched.lost)
        boxes = {relative: rows[name] for name, relative in matched.relative.items()}
        return SaidOfFiles(labels, boxes, sum(len(rows[name]) for name in matched.lost))


def _real(file: Path) -> Path:
    """Follow links; where they lead back to themselves, as far as they lead (`Path.resolve` would raise)."""
    return Path(os.path.realpath(file))


def _digest(file: Path) -> str:
    try:
        return sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from error
