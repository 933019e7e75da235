"""Gabor: how strongly stripes of several widths and directions are present, in cells of a grid (Daugman, 1985)."""

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import fft

from xray_platform.image_stack import Images
from xray_platform.imaging.features.feature import FeatureMatrix, FeatureSettings
from xray_platform.imaging.features.grid import cell_names, pool
from xray_platform.imaging.step import Shape

SHORTEST = 4.0  # wavelength of the finest filter, in pixels
OCTAVES = 1.0  # bandwidth of a filter along its stripes' normal


class GaborSettings(FeatureSettings):
    """Mean strength of each filter's response: stripes 4, 8, 16, … pixels apart, directions spread over 180 degrees."""

    kind: Literal["gabor"] = Field("gabor", description="which feature this is")
    scales: int = Field(3, ge=1, le=6, description="how many wavelengths: 4, 8, 16, … pixels")
    orientations: int = Field(4, ge=1, le=16, description="directions spread evenly over 180 degrees")
    grid: int = Field(4, ge=1, le=64, description="cells down and across")

    def shape(self, picture: Shape) -> Shape:  # noqa: ARG002 - the settings decide
        return self.scales, self.orientations, self.grid, self.grid

    def names(self, picture: Shape) -> list[str]:  # noqa: ARG002 - the settings decide
        bank = [
            f"gabor_wavelength{SHORTEST * 2**s:g}_angle{180 * o / self.orientations:g}"
            for s, o in np.ndindex(self.scales, self.orientations)
        ]
        return [name for filter_ in bank for name in cell_names(filter_, self.grid)]

    def compute(self, images: Images) -> FeatureMatrix:
        return np.stack([pool(self.strengths(image), self.grid).ravel() for image in images])

    def strengths(self, image: Images) -> NDArray[np.float32]:
        """Return each filter's strength at each pixel: float32 (scales * orientations, rows, columns)."""
        rows, columns = image.shape
        edge = int(SHORTEST * 2 ** (self.scales - 1))
        size = tuple(fft.next_fast_len(length + 2 * edge) for length in image.shape)
        margins = [(edge, whole - length - edge) for whole, length in zip(size, image.shape, strict=True)]
        spectrum = fft.fft2(np.pad(image, margins, mode="symmetric"))
        responses = fft.ifft2(spectrum * _bank(size, self.scales, self.orientations), overwrite_x=True)
        inside = np.abs(responses[:, edge : edge + rows, edge : edge + columns])
        return np.asarray(inside, np.float32)

    def describe(self) -> str:
        return (
            f"strength of {self.scales} x {self.orientations} Gabor filters (wavelengths from {SHORTEST:g} pixels, "
            f"doubling) in {self.grid} x {self.grid} cells"
        )


@cache
def _bank(size: tuple[int, ...], scales: int, orientations: int) -> NDArray[np.float32]:
    """Return the filters' transfer functions, one bell on one side of the spectrum each: (filters, *size)."""
    v, u = np.meshgrid(*(fft.fftfreq(length) for length in size), indexing="ij")
    filters = []
    for scale, orientation in np.ndindex(scales, orientations):
        centre = 1 / (SHORTEST * 2**scale)
        angle = np.pi * orientation / orientations
        along = u * np.cos(angle) - v * np.sin(angle)
        beside = u * np.sin(angle) + v * np.cos(angle)
        spread = centre * (2**OCTAVES - 1) / (2**OCTAVES + 1) / np.sqrt(2 * np.log(2))
        bell = np.exp(-((along - centre) ** 2 + beside**2) / (2 * spread**2))
        bell[0, 0] = 0  # an even picture has no stripes
        filters.append(2 * bell)  # a stripe of amplitude 1 gives 1
    return np.stack(filters).astype(np.float32)
