"""Rotate: turn a picture by a small angle, given or estimated from the chest's symmetry."""

from typing import ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.imaging.affine import Affine
from xray_platform.imaging.pixel_range import FULL, STORED, UNIT, PixelRange, Pixels, Window
from xray_platform.imaging.step import Found, Shape, StepSettings
from xray_platform.imaging.symmetry import tilt


class RotateSettings(StepSettings):
    """Turn counter-clockwise about the centre; the size stays, corners that come in are black."""

    kind: Literal["rotate"] = Field("rotate", description="which step this is")
    degrees: float = Field(0.0, ge=-45, le=45, description="angle, counter-clockwise positive, in degrees")

    takes: ClassVar[tuple[PixelRange, ...]] = (STORED, FULL, UNIT)
    gives: ClassVar[PixelRange | None] = None

    def run(self, pixels: Pixels, found: Found) -> Pixels:  # noqa: ARG002 - the angle is given
        return turn(pixels, self.degrees)

    def origin(self, before: Shape, found: Found) -> Affine:  # noqa: ARG002 - the angle is given
        return _origin(before, self.degrees)

    def describe(self) -> str:
        return f"rotate by {self.degrees:g} degrees, counter-clockwise"


class StraightenSettings(StepSettings):
    """Turn the chest's axis of symmetry upright, where four estimates of it agree; else leave it alone."""

    kind: Literal["straighten"] = Field("straighten", description="which step this is")
    most_degrees: float = Field(10.0, gt=0, le=15, description="a larger tilt is taken for a mistake, in degrees")
    least_degrees: float = Field(1.0, ge=0, le=15, description="a smaller tilt is left as it is, in degrees")
    agreement: float = Field(2.5, gt=0, le=15, description="the four estimates may differ by so much, in degrees")

    takes: ClassVar[tuple[PixelRange, ...]] = (STORED, FULL, UNIT)
    gives: ClassVar[PixelRange | None] = None

    def find(self, pixels: Pixels, window: Window | None = None) -> Found:  # noqa: ARG002 - looks at all greys
        seen = tilt(pixels)
        accepted = seen.spread <= self.agreement and self.least_degrees <= abs(seen.degrees) <= self.most_degrees
        return {"degrees": seen.degrees if accepted else 0.0, "seen": seen.degrees, "spread": seen.spread}

    def run(self, pixels: Pixels, found: Found) -> Pixels:
        return turn(pixels, found["degrees"])

    def origin(self, before: Shape, found: Found) -> Affine:
        return _origin(before, found["degrees"])

    def describe(self) -> str:
        return (
            f"turn the chest's axis of symmetry upright where it is tilted by {self.least_degrees:g} to "
            f"{self.most_degrees:g} degrees and four estimates agree within {self.agreement:g}"
        )


def turn(pixels: Pixels, degrees: float) -> Pixels:
    """Return the picture turned counter-clockwise about its centre: same shape and dtype, bilinear, black corners."""
    if degrees == 0:
        return pixels
    rows, columns = pixels.shape
    turned: Pixels = cv2.warpAffine(pixels, _matrix(pixels.shape, degrees), (columns, rows), flags=cv2.INTER_LINEAR)
    return np.asarray(turned.reshape(pixels.shape), pixels.dtype)


def _matrix(shape: Shape, degrees: float) -> NDArray[np.float64]:
    """Return the matrix (2, 3) from places before to places after."""
    rows, columns = shape
    return np.asarray(cv2.getRotationMatrix2D(((columns - 1) / 2, (rows - 1) / 2), degrees, 1.0), np.float64)


def _origin(shape: Shape, degrees: float) -> Affine:
    return Affine(np.vstack([_matrix(shape, degrees), [0.0, 0.0, 1.0]])).inverse
