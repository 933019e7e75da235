"""Resize: bring a picture to a given size by area averaging, its aspect kept or not."""

from typing import ClassVar, Literal

import cv2
import numpy as np
from pydantic import Field

from xray_platform.imaging.affine import Affine
from xray_platform.imaging.pixel_range import BYTE, FULL, SCORES, STORED, UNIT, PixelRange, Pixels
from xray_platform.imaging.step import Found, Shape, StepSettings


class ResizeSettings(StepSettings):
    """Resize to rows x columns; smaller by area averaging, larger by bilinear interpolation."""

    kind: Literal["resize"] = Field("resize", description="which step this is")
    rows: int = Field(128, ge=1, le=8192, description="height of the result, in pixels")
    columns: int = Field(128, ge=1, le=8192, description="width of the result, in pixels")
    keep_aspect: bool = Field(True, description="keep height to width, and pad with black what stays free")

    takes: ClassVar[tuple[PixelRange, ...]] = (STORED, FULL, UNIT, BYTE, SCORES)
    gives: ClassVar[PixelRange | None] = None

    def run(self, pixels: Pixels, found: Found) -> Pixels:  # noqa: ARG002 - nothing is found in the picture
        if not self.keep_aspect:
            return scale_to(pixels, self.rows, self.columns)
        return _centred(scale_to(pixels, *self.inner(pixels.shape)), self.rows, self.columns)

    def origin(self, before: Shape, found: Found) -> Affine:  # noqa: ARG002 - nothing is found in the picture
        whole = (self.rows, self.columns)
        rows, columns = self.inner(before) if self.keep_aspect else whole
        framed = Affine.moved(-((self.rows - rows) // 2), -((self.columns - columns) // 2))
        return framed.then(Affine.scaled((rows, columns), (before[0], before[1])))

    def inner(self, shape: Shape) -> tuple[int, int]:
        """Return rows and columns of the picture inside its black frame."""
        scale = min(self.rows / shape[0], self.columns / shape[1])
        return max(round(shape[0] * scale), 1), max(round(shape[1] * scale), 1)

    def shape(self, before: Shape | None) -> Shape | None:  # noqa: ARG002 - the size is given
        return self.rows, self.columns

    def describe(self) -> str:
        aspect = "aspect kept, padded with black" if self.keep_aspect else "stretched, aspect not kept"
        return f"resize to {self.rows} x {self.columns} pixels by area averaging, {aspect}"


def scale_to(pixels: Pixels, rows: int, columns: int) -> Pixels:
    """Return the picture at rows x columns, same dtype: area averaging where it shrinks, bilinear where it grows.

    Where one side shrinks and the other grows, it shrinks first; real numbers never leave the picture's own range.
    """
    smaller = min(rows, pixels.shape[0]), min(columns, pixels.shape[1])
    return _resampled(_resampled(pixels, smaller, cv2.INTER_AREA), (rows, columns), cv2.INTER_LINEAR)


def _resampled(pixels: Pixels, shape: Shape, method: int) -> Pixels:
    if pixels.shape == shape:
        return pixels
    scaled: Pixels = cv2.resize(pixels, shape[::-1], interpolation=method).reshape(shape)
    if scaled.dtype.kind == "f":  # weights in float32 may sum to a trifle above 1
        np.clip(scaled, pixels.min(), pixels.max(), out=scaled)
    return scaled


def _centred(pixels: Pixels, rows: int, columns: int) -> Pixels:
    if pixels.shape == (rows, columns):
        return pixels
    canvas = np.zeros((rows, columns), pixels.dtype)
    top, left = (rows - pixels.shape[0]) // 2, (columns - pixels.shape[1]) // 2
    canvas[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return canvas
