"""CLAHE: contrast limited adaptive histogram equalisation that keeps all 16 bits.

OpenCV's 16-bit CLAHE counts in 65536 bins, so that its clip limit means something else for every picture size: on a
tile of 28 x 28 pixels nothing is ever clipped, on a large 12-bit one nearly everything is. Here the histograms have
256 bins, in which a clip limit means what it means in 8 bits, and the tone curves between the bins are straight
lines, so that grey levels stay apart (Zuiderveld, Graphics Gems IV, 1994).
"""

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.imaging.pixel_range import FULL, PixelRange, Pixels
from xray_platform.imaging.step import Found, StepSettings

BINS = 256
WIDTH = 65536 // BINS
STRIP_PIXELS = 2**16  # worked on at a time, so that the arrays between stay in the cache


class ClaheSettings(StepSettings):
    """Each tile gets a tone curve of its own histogram, clipped; pixels blend the curves of the four nearest tiles."""

    kind: Literal["clahe"] = Field("clahe", description="which step this is")
    clip_limit: float = Field(2.0, ge=1, le=256, description="highest bin, in multiples of an even histogram's bins")
    tiles: int = Field(8, ge=1, le=64, description="tiles down and across")

    takes: ClassVar[tuple[PixelRange, ...]] = (FULL,)
    gives: ClassVar[PixelRange | None] = FULL

    def run(self, pixels: Pixels, found: Found) -> Pixels:  # noqa: ARG002 - the curves are no small numbers
        down, across = (min(self.tiles, length) for length in pixels.shape)
        curves = _curves(pixels, down, across, self.clip_limit)
        out = np.empty_like(pixels)
        height = max(STRIP_PIXELS // pixels.shape[1], 1)
        for top in range(0, len(pixels), height):
            rows = slice(top, top + height)
            out[rows] = _blend(pixels[rows], curves, *_weights(len(pixels), down, rows), across)
        return out

    def describe(self) -> str:
        return (
            f"contrast limited adaptive histogram equalisation in 16 bits, clip limit {self.clip_limit:g}, "
            f"{self.tiles} x {self.tiles} tiles"
        )


def _curves(pixels: Pixels, down: int, across: int, clip_limit: float) -> NDArray[np.float32]:
    """Return each tile's tone curve at the bin edges, in grey values: (down, across, BINS + 1)."""
    tile = (np.arange(pixels.shape[0]) * down // pixels.shape[0])[:, None] * across
    tile = tile + np.arange(pixels.shape[1]) * across // pixels.shape[1]
    places = tile * BINS + (pixels >> 8)
    counts = np.bincount(places.ravel(), minlength=down * across * BINS).reshape(down, across, BINS)
    even = counts.sum(axis=2, keepdims=True) / BINS
    clipped = np.minimum(counts, clip_limit * even)
    clipped += (counts.sum(axis=2, keepdims=True) - clipped.sum(axis=2, keepdims=True)) / BINS
    below = np.cumsum(clipped, axis=2) / (even * BINS)
    return np.concatenate([np.zeros((down, across, 1)), below], axis=2).astype(np.float32) * np.float32(65535)


def _weights(length: int, tiles: int, part: slice) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return for each row (or column) the tile before it, and how far it is on the way to the next, 0 to 1."""
    centre = np.clip((np.arange(length)[part] + 0.5) * tiles / length - 0.5, 0, tiles - 1)
    before = np.minimum(centre.astype(np.int64), max(tiles - 2, 0))
    return before, (centre - before).astype(np.float32)


def _blend(
    pixels: Pixels, curves: NDArray[np.float32], tops: NDArray[np.int64], ys: NDArray[np.float32], across: int
) -> Pixels:
    """Return a strip of rows, each pixel sent through the curves of its four nearest tiles."""
    lefts, xs = _weights(pixels.shape[1], across, slice(None))
    flat = curves.reshape(-1)
    bin_, way = (pixels >> 8).astype(np.int64), (pixels & 255).astype(np.float32) / np.float32(WIDTH)
    down_step = across * (BINS + 1) if len(curves) > 1 else 0
    right_step = BINS + 1 if across > 1 else 0
    corner = (tops[:, None] * across + lefts) * (BINS + 1) + bin_

    def through(places: NDArray[np.int64]) -> NDArray[np.float32]:
        low = flat.take(places)
        value: NDArray[np.float32] = low + (flat.take(places + 1) - low) * way
        return value

    upper = _mix(through(corner), through(corner + right_step), xs)
    lower = _mix(through(corner + down_step), through(corner + down_step + right_step), xs)
    blended: Pixels = np.rint(_mix(upper, lower, ys[:, None])).astype(np.uint16)
    return blended


def _mix(first: NDArray[np.float32], second: NDArray[np.float32], share: NDArray[np.float32]) -> NDArray[np.float32]:
    mixed: NDArray[np.float32] = first + (second - first) * share
    return mixed
