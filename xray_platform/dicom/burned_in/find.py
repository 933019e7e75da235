"""Find: look for burned-in writing everywhere in a picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xray_platform.dicom.burned_in.chest import chest_of, spares
from xray_platform.dicom.burned_in.lines import Cover, TextLine, cover_of, lines_of
from xray_platform.dicom.burned_in.markers import SideMarker, markers_of
from xray_platform.dicom.burned_in.network import look_for_writing
from xray_platform.dicom.burned_in.outside import is_outside
from xray_platform.dicom.burned_in.tone import Grey, eight_bits
from xray_platform.dicom.pixels.decode import Pixels
from xray_platform.dicom.pixels.thumbnail import Thumbnail

MARKER_SCALES = (2.0, 1.0)


@dataclass(frozen=True, eq=False)
class Writing:
    """What was found: lines, where they stand (rows, columns; 0 or 1), and of each whether it may be painted over.

    It may where it stands beside the body, or over a part of it that chest radiographs are not taken for.
    """

    lines: tuple[TextLine, ...]
    cover: Cover
    paintable: tuple[bool, ...]

    @property
    def covers(self) -> Iterator[Cover]:
        """Where each line stands (rows, columns; 0 or 1)."""
        return (cover_of([line], self.cover.shape) for line in self.lines)


def find_writing(values: Pixels) -> Writing:
    """Look everywhere in a grey picture (rows, columns), of any whole dtype, for writing of two signs and more.

    Any script, bright or dark, at any angle, straight or mirrored, letters from 5 pixels to a tenth of the longer side.
    A lone L or R is a side marker and no writing; see `find_markers`.
    """
    grey = eight_bits(values)
    lines = lines_of(look_for_writing(grey), grey.shape)
    cover = cover_of(lines, grey.shape)
    return Writing(lines, cover, _paintable(grey, lines, cover))


def _paintable(grey: Grey, lines: Sequence[TextLine], cover: Cover) -> tuple[bool, ...]:
    outside = tuple(is_outside(grey, line, cover) for line in lines)
    if all(outside):
        return outside
    chest = chest_of(grey)
    return tuple(beside or spares(line, chest) for beside, line in zip(outside, lines, strict=True))


def find_markers(small: Thumbnail) -> tuple[SideMarker, ...]:
    """Return the side markers in a picture (rows, columns) float32 in [0, 1], the surest first.

    A letter of 7 pixels can be read. Rows, columns and sizes are shares of the picture's height, width and height.
    """
    grey = np.round(small * 255).astype(np.uint8)
    rows, columns = grey.shape
    seen = look_for_writing(grey, MARKER_SCALES)
    return tuple(
        replace(marker, row=marker.row / rows, column=marker.column / columns, size=marker.size / rows)
        for marker in markers_of(seen)
    )
