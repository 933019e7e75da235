"""Network: what the learnt detector says of every 4 x 4 pixels of a grey picture: writing, and lone L or R markers.

It looks at several sizes of the picture, so that letters of 5 pixels and of a tenth of the side come to it alike; what
is without any edge that writing could have is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from xray_platform.dicom.burned_in.tone import Grey
from xray_platform.openvino_core import core

MODEL = Path(__file__).parent / "text_detector.xml"
DETECTOR = "text detector 4"
STRIDE, DEEPEST, HALO = 4, 32, 32
LARGEST_PART = 2048  # pixels a side: what is looked at at once takes about 90 MB
KERNELS = 400  # that OpenVINO keeps for sizes of pictures that come again: of some 15 sizes, in about 100 MB
CHANNELS = ("text", "L", "R", "mirrored L", "mirrored R")
LARGEST_SHARE, LARGEST_LETTER = 0.1, 46.0
SMALL = 800  # pixels: a picture whose longer side is no more is also looked at enlarged
FINEST, STEP = 2.0, 3.0
EDGE = 10  # grey levels (of 256) within 4 x 4 pixels, below which nothing can be read
Maps = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen at one size: probabilities (5, rows, columns), 0 to 1, one for `cell` x `cell` of its pixels.

    `grey` is the picture at that size, four of its pixels to a probability.
    """

    probabilities: Maps
    cell: float
    grey: Grey


def look_for_writing(grey: Grey, scales: tuple[float, ...] | None = None) -> Iterator[Seen]:
    """Yield what the detector sees in a picture (rows, columns) uint8 at each of several sizes, the largest first."""
    now = 1.0
    for scale in scales_of(grey.shape) if scales is None else scales:
        resized = _resized(grey, scale / now)
        yield Seen(_probabilities(resized), STRIDE / scale, resized)
        if scale < now:
            grey, now = resized, scale


def scales_of(shape: tuple[int, ...]) -> tuple[float, ...]:
    """Return by how much a picture is enlarged or reduced, so that letters are of sizes that the detector knows."""
    scale = FINEST if max(shape) <= SMALL else 1.0
    scales = [scale]
    while LARGEST_SHARE * max(shape) * scale > LARGEST_LETTER:
        scale /= STEP
        scales.append(scale)
    return tuple(scales)


def _resized(grey: Grey, scale: float) -> Grey:
    """Return a picture of another size; a whole part of it takes half of the time, its last pixels repeated."""
    part = round(1 / scale)
    if part == 1:
        return grey
    if part > 1 and abs(part * scale - 1) < 1e-6:
        below, beside = (-side % part for side in grey.shape)
        grey = np.asarray(cv2.copyMakeBorder(grey, 0, below, 0, beside, cv2.BORDER_REPLICATE), np.uint8)
    size = (max(round(grey.shape[1] * scale), 1), max(round(grey.shape[0] * scale), 1))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA))


def _probabilities(grey: Grey) -> Maps:
    """Look at the whole picture, or at parts of a large one that overlap.

    What lies near the edge of a part is taken from its neighbour, which sees more of it.
    """
    cells = tuple(-(-side // STRIDE) for side in grey.shape)
    high, wide = (_part(side) for side in grey.shape)
    whole = _filled(grey, high, wide)
    probabilities = np.zeros((len(CHANNELS), whole.shape[0] // STRIDE, whole.shape[1] // STRIDE), np.float32)
    for down, top in _places(whole.shape[0], high):
        for across, left in _places(whole.shape[1], wide):
            part = whole[top : top + high, left : left + wide]
            if _has_edges(part):
                found = _request().infer({0: part[None, None]})[0][0]
                seen = probabilities[:, down.start + top // STRIDE : down.stop + top // STRIDE]
                seen[:, :, across.start + left // STRIDE : across.stop + left // STRIDE] = found[:, down, across]
    return probabilities[:, : cells[0], : cells[1]]


def _part(side: int) -> int:
    """Return how many pixels of a side are looked at at once: all, or those of the fewest parts that will do."""
    count = max(-(-(side - 2 * HALO) // (LARGEST_PART - 2 * HALO)), 1)
    part = -(-(side - 2 * HALO) // count) + 2 * HALO
    return -(-part // DEEPEST) * DEEPEST


def _filled(grey: Grey, high: int, wide: int) -> Grey:
    """Return a picture with at least the sides of a part, and multiples of a cell: black below and to the right."""
    rows, columns = (
        max(least, -(-side // STRIDE) * STRIDE) for side, least in zip(grey.shape, (high, wide), strict=True)
    )
    more = (rows - grey.shape[0], columns - grey.shape[1])
    return np.asarray(cv2.copyMakeBorder(grey, 0, more[0], 0, more[1], cv2.BORDER_CONSTANT, value=(0,)), np.uint8)


def _places(side: int, part: int) -> Iterator[tuple[slice, int]]:
    """Yield where parts begin along a side, in pixels, and which of their cells count; none reaches over the edge."""
    last = side - part
    count = -(-last // max(part - 2 * HALO, 1)) + 1
    for number in range(count):
        start = round(last * number / max(count - 1, 1) / STRIDE) * STRIDE
        first = 0 if number == 0 else HALO // STRIDE
        end = part // STRIDE if number == count - 1 else (part - HALO) // STRIDE
        yield slice(first, end), start


def _has_edges(grey: Grey) -> bool:
    """Say whether grey values of pairs of pixels differ so much within 4 x 4 that something could be read."""
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    square = np.ones((2, 2), np.uint8)
    return int(cv2.subtract(cv2.dilate(half, square), cv2.erode(half, square)).max()) > EDGE


@cache
def _request() -> Any:
    """Return the compiled detector; one thread, for pictures are examined side by side."""
    from openvino import Dimension, PartialShape  # a third of a second to import

    graph, side = core().read_model(MODEL), Dimension(DEEPEST, LARGEST_PART)
    graph.reshape(PartialShape([Dimension(1), Dimension(1), side, side]))
    plan = {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY", "CPU_RUNTIME_CACHE_CAPACITY": KERNELS}
    return core().compile_model(graph, "CPU", plan).create_infer_request()
