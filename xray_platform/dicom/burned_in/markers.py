"""Markers: read the lone letters L and R that say which side is which, and whether they stand on theirs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np

from xray_platform.dicom.burned_in.network import CHANNELS, Seen

LEAST, CLEAR = 0.5, 0.7
MIDDLE = 0.08
"""A marker that is so near to the middle, as a share of the width, stands on no side."""


@dataclass(frozen=True)
class SideMarker:
    """A lone letter L or R: its middle and size in pixels, and how sure the detector is.

    `mirrored` is None where that cannot be told.
    """

    sign: Literal["L", "R"]
    mirrored: bool | None
    row: float
    column: float
    size: float
    probability: float


def markers_of(seen: Iterable[Seen]) -> tuple[SideMarker, ...]:
    """Return the lone letters L and R, the surest first; of those that overlap the surest."""
    found = sorted((marker for each in seen for marker in _markers(each)), key=lambda marker: -marker.probability)
    kept: list[SideMarker] = []
    for marker in found:
        if all(np.hypot(marker.row - other.row, marker.column - other.column) > other.size for other in kept):
            kept.append(marker)
    return tuple(kept)


def _markers(seen: Seen) -> Iterator[SideMarker]:
    text, signs = seen.probabilities[0], np.maximum(seen.probabilities[1:3], seen.probabilities[3:5])
    best = signs.max(0)
    if not (best > LEAST).any():
        return
    lone = ((best > LEAST / 2) & (best > text)).astype(np.uint8)
    count, labels, boxes, middles = cv2.connectedComponentsWithStats(lone, connectivity=8)
    for label in range(1, count):
        piece = labels == label
        wide, high = int(boxes[label, cv2.CC_STAT_WIDTH]), int(boxes[label, cv2.CC_STAT_HEIGHT])
        left, right = (float(each[piece].max()) for each in signs)
        if (
            max(left, right) > LEAST
            and min(left, right) < CLEAR * max(left, right)
            and max(wide, high) <= 3 * min(wide, high)
        ):
            sign: Literal["L", "R"] = "L" if left > right else "R"
            row, column = ((float(middles[label][each]) + 0.5) * seen.cell for each in (1, 0))
            yield SideMarker(sign, _mirrored(seen, sign, piece), row, column, high * seen.cell, max(left, right))


def _mirrored(seen: Seen, sign: Literal["L", "R"], piece: Any) -> bool | None:
    """Say whether a letter is mirrored, None where the detector sees both alike."""
    as_it_is, other = (
        float(seen.probabilities[CHANNELS.index(name)][piece].max()) for name in (sign, f"mirrored {sign}")
    )
    if min(as_it_is, other) > CLEAR * max(as_it_is, other):
        return None
    return other > as_it_is


def on_a_side(markers: Sequence[SideMarker], least: float) -> list[SideMarker]:
    """Return the markers (places in shares) that are surely read and stand clearly left or right of the middle."""
    return [marker for marker in markers if marker.probability >= least and abs(marker.column - 0.5) > MIDDLE]


def on_the_wrong_side(markers: Sequence[SideMarker], least: float) -> SideMarker | None:
    """Return a marker that contradicts: seen from the front, the patient's right is on the left of the picture."""
    sided = on_a_side(markers, least)
    return next((marker for marker in sided if (marker.sign == "R") != (marker.column < 0.5)), None)
