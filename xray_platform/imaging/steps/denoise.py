"""Denoise: Gaussian, median, non-local means and bilateral smoothing, each in 16 bits."""

from typing import ClassVar, Literal

import cv2
import numpy as np
from pydantic import Field, field_validator

from xray_platform.errors import InputError
from xray_platform.imaging.pixel_range import FULL, STORED, PixelRange, Pixels
from xray_platform.imaging.step import Found, StepSettings

TOP = 65535.0
QUICK_MEDIAN = 5  # OpenCV's longest median side in 16 bits


class GaussianSettings(StepSettings):
    """Gaussian smoothing: the plain remedy for fine noise; softens edges too."""

    kind: Literal["gaussian"] = Field("gaussian", description="which step this is")
    sigma: float = Field(1.0, gt=0, le=50, description="standard deviation of the bell, in pixels")

    takes: ClassVar[tuple[PixelRange, ...]] = (STORED, FULL)
    gives: ClassVar[PixelRange | None] = None

    def run(self, pixels: Pixels, found: Found) -> Pixels:  # noqa: ARG002 - nothing is found in the picture
        return _like(cv2.GaussianBlur(pixels, (0, 0), self.sigma, borderType=cv2.BORDER_REPLICATE), pixels)

    def describe(self) -> str:
        return f"Gaussian smoothing, sigma {self.sigma:g} pixels"


class MedianSettings(StepSettings):
    """Median of a square: removes single wrong pixels and keeps edges."""

    kind: Literal["median"] = Field("median", description="which step this is")
    side: int = Field(3, ge=3, le=31, description="side of the square, odd, in pixels; 3 and 5 are much faster")

    takes: ClassVar[tuple[PixelRange, ...]] = (STORED, FULL)
    gives: ClassVar[PixelRange | None] = None

    @field_validator("side")
    @classmethod
    def _odd(cls, side: int) -> int:
        return _odd_side(side)

    def run(self, pixels: Pixels, found: Found) -> Pixels:  # noqa: ARG002 - nothing is found in the picture
        if self.side <= QUICK_MEDIAN:
            return _like(cv2.medianBlur(pixels, self.side), pixels)
        from scipy import ndimage  # takes half a second, and large medians are rare

        return _like(ndimage.median_filter(pixels, self.side, mode="nearest"), pixels)

    def describe(self) -> str:
        return f"median of {self.side} x {self.side} pixels"


class NonLocalMeansSettings(StepSettings):
    """Non-local means: the mean of places that look alike (Buades, Coll, Morel, CVPR 2005); slow, keeps texture."""

    kind: Literal["non_local_means"] = Field("non_local_means", description="which step this is")
    strength: float = Field(0.02, gt=0, le=1, description="difference taken as noise, as a share of the range")
    patch: int = Field(5, ge=3, le=21, description="side of the compared patches, odd, in pixels")
    search: int = Field(15, ge=3, le=61, description="side of the square that is searched, odd, in pixels")

    takes: ClassVar[tuple[PixelRange, ...]] = (FULL,)
    gives: ClassVar[PixelRange | None] = FULL

    @field_validator("patch", "search")
    @classmethod
    def _odd(cls, side: int) -> int:
        return _odd_side(side)

    def run(self, pixels: Pixels, found: Found) -> Pixels:  # noqa: ARG002 - nothing is found in the picture
        cleaned = cv2.fastNlMeansDenoising(
            pixels, [self.strength * TOP], None, self.patch, self.search, cv2.NORM_L1
        )  # OpenCV works on 16 bits with this norm only
        return _like(cleaned, pixels)

    def describe(self) -> str:
        return (
            f"non-local means of strength {self.strength:g}, patches of {self.patch} pixels searched in {self.search}"
        )


class BilateralSettings(StepSettings):
    """Bilateral smoothing: near in place and in grey value counts (Tomasi, Manduchi, ICCV 1998); keeps edges."""

    kind: Literal["bilateral"] = Field("bilateral", description="which step this is")
    sigma: float = Field(2.0, gt=0, le=20, description="nearness in place, in pixels")
    grey_sigma: float = Field(0.05, gt=0, le=1, description="nearness in grey value, as a share of the range")

    takes: ClassVar[tuple[PixelRange, ...]] = (FULL,)
    gives: ClassVar[PixelRange | None] = FULL

    def run(self, pixels: Pixels, found: Found) -> Pixels:  # noqa: ARG002 - nothing is found in the picture
        real = pixels.astype(np.float32)  # OpenCV works on 8 bits or on real numbers
        smooth = cv2.bilateralFilter(real, -1, self.grey_sigma * TOP, self.sigma, borderType=cv2.BORDER_REPLICATE)
        return _like(np.clip(np.rint(smooth), 0, TOP).astype(np.uint16), pixels)

    def describe(self) -> str:
        return f"bilateral smoothing, sigma {self.sigma:g} pixels and {self.grey_sigma:g} of the range"


def _odd_side(side: int) -> int:
    if side % 2 == 0:
        raise InputError(f"found a side of {side} pixels; it must be odd")
    return side


def _like(changed: Pixels, before: Pixels) -> Pixels:
    return changed.reshape(before.shape)
