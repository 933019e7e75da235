"""Lung fields: where the lungs lie in a frontal chest picture, by matching a drawn outline at many sizes.

The outline is drawn, not learnt: two dark lobes that widen downwards, a bright mediastinum with the heart's bulge
between them, bright chest wall and abdomen around. It is correlated (zero-mean, normalised) with the ranks of the
grey values, so that neither window nor tone curve matters. A white frame around a film, which looks like chest wall,
and the air inside of it, which looks like lungs, are left out.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.film_frame import without_frame

Pixels = NDArray[Any]
WORKING_SIDE = 64  # the longer side of the picture that is looked at, in pixels
LEAST_SIDE = 16  # smaller pictures show no lungs
SIZES = np.arange(0.45, 1.0, 0.07)  # tried widths and heights of the lungs, as shares of the picture's
SLIMMEST, WIDEST = 0.7, 1.7  # width to height
BESIDE, ABOVE = 0.2, 0.15  # drawn around the lungs, as shares of their half width and of their height
OUTSIDE = 0.15  # the outline may reach so far out of the picture, as a share of its sides
LARGER_IS_BETTER = 0.5  # small parts of a picture match by chance more easily than large ones
FOUND = 0.35
"""Correlation with the outline above which lungs count as found where it is not asked how well."""
WORSE = 0.1  # by as much less they may correlate without a frame: by more, what was taken for one is none


@dataclass(frozen=True)
class Lungs:
    """The box of both lungs, in pixels (it may reach out of the picture), and its correlation with the outline."""

    top: float
    left: float
    bottom: float
    right: float
    match: float


def find_lungs(pixels: Pixels) -> Lungs:
    """Return the best matching box in a picture (rows, columns) of any dtype, bright bones; a white frame is left out.

    The frame stays where lungs are found with it only, or clearly better. `match` is -1 where the picture is too small
    or even.
    """
    whole, bare = match_outline(pixels), without_frame(pixels)
    found = match_outline(bare) if bare is not None else whole
    if bare is None or found.match < max(FOUND, whole.match - WORSE):
        return whole
    scale = max(pixels.shape) / max(bare.shape)
    return Lungs(found.top * scale, found.left * scale, found.bottom * scale, found.right * scale, found.match)


def match_outline(pixels: Pixels) -> Lungs:
    """Return the best matching box in a picture as it is, a frame included; `match` is -1: too small, or even."""
    ranks = _ranks(pixels)
    rows, columns = ranks.shape
    if min(ranks.shape) < LEAST_SIDE or np.ptp(ranks) == 0:
        return Lungs(0.0, 0.0, float(pixels.shape[0]), float(pixels.shape[1]), -1.0)
    down, right = round(rows * OUTSIDE), round(columns * OUTSIDE)
    wide = np.pad(ranks, ((down, down), (right, right)), mode="edge")
    matches = [_match(wide, rows * h, columns * w, h * w) for h, w in _sizes(rows, columns)]
    _, lungs = max(matches, key=lambda match: match[0])
    scale = max(pixels.shape) / max(ranks.shape)
    return Lungs(
        (lungs.top - down) * scale, (lungs.left - right) * scale,
        (lungs.bottom - down) * scale, (lungs.right - right) * scale, lungs.match,
    )  # fmt: skip


def lung_mask(shape: tuple[int, ...], lungs: Lungs) -> NDArray[np.bool_]:
    """Return which pixels of a picture of this shape lie in the lungs of the outline, placed where they were found."""
    height, width = max(round(lungs.bottom - lungs.top), 1), max(round(lungs.right - lungs.left), 1)
    drawn = outline(round(height * (1 + 2 * ABOVE)), round(width * (1 + BESIDE))) < 0
    top, left = round(lungs.top - height * ABOVE), round(lungs.left - width * BESIDE / 2)
    mask = np.zeros(shape, bool)
    rows, columns = (range(max(first, 0), min(first + long, side)) for first, long, side in (
        (top, drawn.shape[0], shape[0]), (left, drawn.shape[1], shape[1])
    ))  # fmt: skip
    if len(rows) and len(columns):
        inside = drawn[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        mask[rows.start : rows.stop, columns.start : columns.stop] = inside
    return mask


def _sizes(rows: int, columns: int) -> list[tuple[float, float]]:
    """Return the heights and widths to try, as shares; at least the whole picture."""
    pairs = [(float(h), float(w)) for h in SIZES for w in SIZES]
    return [(h, w) for h, w in pairs if SLIMMEST < w * columns / (h * rows) < WIDEST] or [(0.94, 0.94)]


def _match(ranks: NDArray[np.float32], height: float, width: float, area: float) -> tuple[float, Lungs]:
    """Return the score and the place of the outline of one size."""
    drawn = outline(round(height * (1 + 2 * ABOVE)), round(width * (1 + BESIDE)))
    correlation = cv2.matchTemplate(ranks, drawn, cv2.TM_CCOEFF_NORMED)
    _, match, _, (x, y) = cv2.minMaxLoc(correlation)
    top, left = y + drawn.shape[0] * ABOVE / (1 + 2 * ABOVE), x + drawn.shape[1] * BESIDE / (2 + 2 * BESIDE)
    lungs = Lungs(top, left, top + height, left + width, float(match))
    return match + LARGER_IS_BETTER * float(np.log(area)) / 2, lungs


def _ranks(pixels: Pixels) -> NDArray[np.float32]:
    """Return the small picture with each grey value replaced by its rank, 0 to 1; equal greys share a rank."""
    scale = min(WORKING_SIDE / max(pixels.shape), 1.0)
    size = [max(round(length * scale), 1) for length in pixels.shape]
    small = cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_AREA).reshape(size)
    _, place, counts = np.unique(small, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2)[place].reshape(size) / small.size
    if len(counts) == 1:
        return np.zeros(size, np.float32)
    return np.asarray(cv2.GaussianBlur(ranks.astype(np.float32), (0, 0), 1.0), np.float32)


def half_width(height: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far both lungs reach from the middle, as a share of half their box, by height (0: top, 1: bottom)."""
    return np.asarray(0.42 + 0.58 * np.sqrt(np.clip(height / 0.6, 0, 1)))


@cache
def outline(rows: int, columns: int) -> NDArray[np.float32]:
    """Draw the outline: -1 in the lungs, 1 between, around and below them, 0 beside the chest; slightly blurred."""
    u = np.linspace(-1 - BESIDE, 1 + BESIDE, columns)[None]
    v = np.linspace(-ABOVE, 1 + ABOVE, rows)[:, None]
    outer = half_width(v)
    heart = np.where(u > 0, 0.32 * np.exp(-(((v - 0.78) / 0.22) ** 2)), 0.08 * np.exp(-(((v - 0.8) / 0.25) ** 2)))
    lung = (np.abs(u) < outer) & (np.abs(u) > 0.16 + heart) & (v > 0) & (v < 0.82 + 0.18 * np.abs(u))
    drawn = np.where(np.abs(u) > outer + 0.25, 0.0, np.where(lung, -1.0, 1.0))
    return np.asarray(cv2.GaussianBlur(drawn.astype(np.float32), (0, 0), 1.0), np.float32)
