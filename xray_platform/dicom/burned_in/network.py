"""Network: what the learnt detector says of every 4 x 4 pixels of a grey picture: writing, and lone L or R markers.

It looks at tiles of 256 pixels at several sizes of the picture, so that letters of 5 pixels and of a tenth of the side
come to it alike; tiles without any edge that writing could have are left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from xray_platform.dicom.burned_in.tone import Grey

MODEL = Path(__file__).parent / "text_detector.xml"
DETECTOR = "text detector 2"
STRIDE, TILE, HALO = 4, 256, 32
CHANNELS = ("text", "L", "R", "mirrored L", "mirrored R")
LARGEST_SHARE, LARGEST_LETTER = 0.1, 46.0
SMALL = 800  # pixels: a picture whose longer side is no more is also looked at enlarged
FINEST, STEP = 2.0, 3.0
EDGE = 10  # grey levels (of 256) within 4 x 4 pixels, below which nothing can be read
Maps = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen at one size: chances (5, rows, columns), 0 to 1, one for `cell` x `cell` pixels of the picture."""

    chances: Maps
    cell: float


def look_for_writing(grey: Grey, scales: tuple[float, ...] | None = None) -> Iterator[Seen]:
    """Yield what the detector sees in a picture (rows, columns) uint8 at each of several sizes."""
    for scale in scales_of(grey.shape) if scales is None else scales:
        yield Seen(_chances(_resized(grey, scale)), STRIDE / scale)


def scales_of(shape: tuple[int, ...]) -> tuple[float, ...]:
    """Return by how much a picture is enlarged or reduced, so that letters are of sizes that the detector knows."""
    scale = FINEST if max(shape) <= SMALL else 1.0
    scales = [scale]
    while LARGEST_SHARE * max(shape) * scale > LARGEST_LETTER:
        scale /= STEP
        scales.append(scale)
    return tuple(scales)


def _resized(grey: Grey, scale: float) -> Grey:
    if scale == 1.0:
        return grey
    size = (max(round(grey.shape[1] * scale), 1), max(round(grey.shape[0] * scale), 1))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA))


def _chances(grey: Grey) -> Maps:
    """Look at tiles that overlap; what lies near a tile's edge is taken from its neighbour, which sees more of it."""
    rows, columns = grey.shape
    whole = _filled(grey)
    chances = np.zeros((len(CHANNELS), whole.shape[0] // STRIDE, whole.shape[1] // STRIDE), np.float32)
    for down, top in _places(whole.shape[0]):
        for across, left in _places(whole.shape[1]):
            tile = whole[top : top + TILE, left : left + TILE]
            if _has_edges(tile):
                found = _request().infer({0: tile[None, None]})[0][0]
                seen = chances[:, down.start + top // STRIDE : down.stop + top // STRIDE]
                seen[:, :, across.start + left // STRIDE : across.stop + left // STRIDE] = found[:, down, across]
    return chances[:, : -(-rows // STRIDE), : -(-columns // STRIDE)]


def _filled(grey: Grey) -> Grey:
    """Return a picture with sides of a tile or more, and multiples of a cell: black below and to the right."""
    more = [max(TILE, -(-side // STRIDE) * STRIDE) - side for side in grey.shape]
    return np.asarray(cv2.copyMakeBorder(grey, 0, more[0], 0, more[1], cv2.BORDER_CONSTANT, value=(0,)), np.uint8)


def _places(side: int) -> Iterator[tuple[slice, int]]:
    """Yield where tiles begin along a side, in pixels, and which of their cells count; none reaches over the edge."""
    last = side - TILE
    count = -(-last // (TILE - 2 * HALO)) + 1
    for number in range(count):
        start = round(last * number / max(count - 1, 1) / STRIDE) * STRIDE
        first = 0 if number == 0 else HALO // STRIDE
        end = TILE // STRIDE if number == count - 1 else (TILE - HALO) // STRIDE
        yield slice(first, end), start


def _has_edges(tile: Grey) -> bool:
    """Say whether grey values of pairs of pixels differ so much within 4 x 4 that something could be read."""
    half = cv2.resize(tile, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    square = np.ones((2, 2), np.uint8)
    return int(cv2.subtract(cv2.dilate(half, square), cv2.erode(half, square)).max()) > EDGE


@cache
def _request() -> Any:
    """Return the compiled detector; one thread, for pictures are examined side by side."""
    from openvino import Core  # a third of a second to import

    core = Core()
    compiled = core.compile_model(MODEL, "CPU", {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY"})
    return compiled.create_infer_request()
