"""Markers: read the lone letters L and R that say which side is which, and whether they stand on theirs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from xray_platform.dicom.burned_in.network import CHANNELS, Seen

LEAST = 0.7
MIDDLE = 0.08
"""A marker that is so near to the middle, as a share of the width, stands on no side."""


@dataclass(frozen=True)
class SideMarker:
    """A lone letter L or R: whether it is mirrored, its middle in pixels, its size and how sure the detector is."""

    sign: Literal["L", "R"]
    mirrored: bool
    row: float
    column: float
    size: float
    chance: float


def markers_of(seen: Iterable[Seen]) -> tuple[SideMarker, ...]:
    """Return the lone letters L and R, the surest first; of those that overlap the surest."""
    found = sorted((marker for each in seen for marker in _markers(each)), key=lambda marker: -marker.chance)
    kept: list[SideMarker] = []
    for marker in found:
        if all(np.hypot(marker.row - other.row, marker.column - other.column) > other.size for other in kept):
            kept.append(marker)
    return tuple(kept)


def _markers(seen: Seen) -> Iterator[SideMarker]:
    signs = seen.chances[1:]
    best = signs.max(0)
    if not (best > LEAST).any():
        return
    lone = ((best > 0.5) & (best > seen.chances[0])).astype(np.uint8)
    count, labels, boxes, middles = cv2.connectedComponentsWithStats(lone, connectivity=8)
    for label in range(1, count):
        piece = labels == label
        sums = signs[:, piece].sum(1)
        chance = float(best[piece].max() * sums.max() / sums.sum())
        wide, high = boxes[label, cv2.CC_STAT_WIDTH], boxes[label, cv2.CC_STAT_HEIGHT]
        if chance > LEAST and piece.sum() >= 4 and max(wide, high) <= 3 * min(wide, high):
            name = CHANNELS[1 + int(sums.argmax())]
            yield SideMarker(
                "L" if name.endswith("L") else "R", name.startswith("mirrored"),
                float((middles[label][1] + 0.5) * seen.cell), float((middles[label][0] + 0.5) * seen.cell),
                float(high * seen.cell), chance,
            )  # fmt: skip


def on_a_side(markers: Sequence[SideMarker], least: float) -> list[SideMarker]:
    """Return the markers (places in shares) that are surely read and stand clearly left or right of the middle."""
    return [marker for marker in markers if marker.chance >= least and abs(marker.column - 0.5) > MIDDLE]


def on_the_wrong_side(markers: Sequence[SideMarker], least: float) -> SideMarker | None:
    """Return a marker that contradicts: seen from the front, the patient's right is on the left of the picture."""
    sided = on_a_side(markers, least)
    return next((marker for marker in sided if (marker.sign == "R") != (marker.column < 0.5)), None)
