"""Crops: what the verifier sees of a candidate: laid level, at one height, and its surroundings."""

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np

from xray_platform.dicom.burned_in.network import STRIDE, Seen
from xray_platform.dicom.burned_in.tone import Grey

HIGH, WIDE = 48, 96
LETTERS = 24.0  # pixels of a crop that the shorter side of a candidate takes
LEAST_ZOOM, MOST_ZOOM = 0.4, 2.0
WINDOWS = 3  # at most, along a long candidate
AROUND = 2.5  # by how much the surroundings are wider than the crop
LAYERS = 5
Crops = np.ndarray[Any, np.dtype[np.uint8]]
_Matrix = np.ndarray[Any, np.dtype[np.float64]]


class Cropper:
    """Crops candidates out of what was seen at one size."""

    def __init__(self, seen: Seen) -> None:
        half = _half(seen.grey)
        self._greys = (seen.grey, half, _half(half))
        self._text = np.round(seen.probabilities[0] * 255).astype(np.uint8)
        self._marker = np.round(seen.probabilities[1:].max(0) * 255).astype(np.uint8)

    def crop(self, candidate: Any) -> Crops:
        """Return crops (windows, 5, 48, 96) uint8 along a candidate, given by its cells (rows, columns; true or false).

        Layers: the picture, probability of writing, of a marker; of wider surroundings the picture and the former.
        """
        return np.stack([np.stack(self._layers(place, zoom)) for place, zoom in _windows(candidate)])

    def _layers(self, place: _Matrix, zoom: float) -> Sequence[Any]:
        wider = place @ _about_the_middle(AROUND)
        return (
            self._picture(place, zoom),
            _sampled(self._text, place, STRIDE),
            _sampled(self._marker, place, STRIDE),
            self._picture(wider, zoom / AROUND),
            _sampled(self._text, wider, STRIDE),
        )

    def _picture(self, place: _Matrix, zoom: float) -> Any:
        level = min(max(int(np.floor(np.log2(1 / zoom) + 0.5)), 0), len(self._greys) - 1)
        return _sampled(self._greys[level], place, 2**level)


def _windows(candidate: Any) -> Iterator[tuple[_Matrix, float]]:
    """Yield for each window along a candidate how its pixels map to the picture, and by how much it enlarges."""
    down, across = np.nonzero(candidate)
    points = np.concatenate([np.stack([across + x, down + y], 1) for x in (0, 1) for y in (0, 1)]).astype(np.float32)
    middle, (wide, high), angle = cv2.minAreaRect(points)
    if wide < high:
        wide, high, angle = high, wide, angle + 90
    zoom = float(np.clip(LETTERS / (high * STRIDE), LEAST_ZOOM, MOST_ZOOM))
    spare = max(wide * STRIDE * zoom - WIDE, 0)
    count = min(int(np.ceil(spare / WIDE)) + 1, WINDOWS)
    cosine, sine = np.cos(np.radians(angle)) / zoom, np.sin(np.radians(angle)) / zoom
    for along in np.linspace(-spare / 2, spare / 2, count) if count > 1 else (0.0,):
        x, y = along - (WIDE - 1) / 2, -(HIGH - 1) / 2
        yield (
            np.array(
                [
                    [cosine, -sine, middle[0] * STRIDE - 0.5 + cosine * x - sine * y],
                    [sine, cosine, middle[1] * STRIDE - 0.5 + sine * x + cosine * y],
                    [0, 0, 1],
                ]
            ),
            zoom,
        )


def _about_the_middle(times: float) -> _Matrix:
    x, y = (WIDE - 1) / 2 * (1 - times), (HIGH - 1) / 2 * (1 - times)
    return np.array([[times, 0, x], [0, times, y], [0, 0, 1]])


def _sampled(values: Any, place: _Matrix, cell: int) -> Any:
    """Return what lies under a window of a layer of which each value stands for `cell` x `cell` pixels."""
    shift = (cell - 1) / 2
    matrix = np.array([[1 / cell, 0, -shift / cell], [0, 1 / cell, -shift / cell], [0, 0, 1]]) @ place
    return cv2.warpAffine(values, matrix[:2], (WIDE, HIGH), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def _half(grey: Grey) -> Grey:
    size = (max(grey.shape[1] // 2, 1), max(grey.shape[0] // 2, 1))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
