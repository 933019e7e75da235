"""Band energy: how much detail of each size there is in each cell of a picture, whatever its tone.

Detail is what lies between two smoothings of a picture, an octave apart (a Laplacian pyramid). Healthy lungs are full
of fine vessels; an opacity drowns them and adds edges of its own. The picture is brought to mean 0 and deviation 1 in
its middle first, and energies are logarithms, so that neither brightness nor contrast counts.
"""

from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from xray_platform.detectors.resized import resized
from xray_platform.settings import Settings

FIRST = 0.8  # standard deviation of the first smoothing, in pixels: finer detail is noise and the file's compression
OCTAVE = 1.386  # pixels; smoothing by this after one by FIRST gives one by twice FIRST
FRAME = 0.1  # share of the side, at each edge, that does not count for mean and deviation: frames, markers, air
LEAST_DEVIATION = 0.01  # of a range of 1: an even picture is not blown up to noise
SMOOTHED = 0.5  # of a cell: standard deviation of the smoothing of maps
LEAST_ENERGY = 0.005  # of the picture's deviation: less detail than this is none
Numbers = NDArray[np.float32]


class BandSettings(Settings):
    """Where detail is measured, and of which sizes."""

    side: int = Field(224, ge=32, le=512, description="side that pictures are brought to before anything, in pixels")
    cell: int = Field(16, ge=4, le=64, description="side of a cell, in pixels of `side`")
    bands: int = Field(4, ge=1, le=6, description="sizes of detail that are measured: about 1, 2, 4, … pixels")
    border: float = Field(
        0.21, ge=0, le=0.4, description="share of the side, at each edge, that is left out: shoulders, abdomen, frames"
    )

    @model_validator(mode="after")
    def _whole_cells(self) -> Self:
        if self.side % self.cell or self.cell < 2 ** (self.bands - 1):
            raise ValueError(
                f"side {self.side}, cell {self.cell} and bands {self.bands} do not fit; allowed: a side that is a "
                "multiple of the cell, and a cell of at least 2**(bands - 1) pixels"
            )
        return self

    @property
    def cells(self) -> int:
        """Cells along a side."""
        return self.side // self.cell

    @property
    def inside(self) -> slice:
        """Which cells along a side are not left out; at least one."""
        return kept_cells(self.cells, self.border)

    def energies(self, stack: Numbers) -> Numbers:
        """Return the band energies of the cells that are not left out: (N, S, S) to (N, c, c, bands)."""
        return band_energies(resized(stack, self.side), self.cells, self.bands)[:, self.inside, self.inside]

    def as_map(self, values: Numbers, side: int) -> Numbers:
        """Return one value a cell (N, c, c) as maps (N, side, side), which fade to 0 in what is left out."""
        return map_of_cells(values, self.cells, self.inside, side)


def kept_cells(cells: int, border: float) -> slice:
    """Return which of so many cells along a side are kept where a share at each edge is left out; at least one."""
    left_out = min(round(border * cells), (cells - 1) // 2)
    return slice(left_out, cells - left_out)


def map_of_cells(values: Numbers, cells: int, inside: slice, side: int) -> Numbers:
    """Return one value a cell (N, c, c), of those inside of cells x cells, as smooth maps (N, side, side).

    Smoothed by half a cell, since where a cell ends means nothing: they fade to 0 in what is left out.
    """
    whole = np.zeros((len(values), cells, cells), np.float32)
    whole[:, inside, inside] = values
    maps = resized(whole, side)
    return np.stack([cv2.GaussianBlur(each, (0, 0), SMOOTHED * side / cells) for each in maps])


def band_energies(images: Numbers, cells: int, bands: int) -> Numbers:
    """Return the logarithm of the energy of each band in each cell: (N, S, S) in [0, 1] to (N, cells, cells, bands).

    Bands go from fine to coarse, detail of about 1, 2, 4, … pixels. S is a multiple of `cells` and a cell has
    at least 2**(bands - 1) pixels.
    """
    out = np.empty((len(images), cells, cells, bands), np.float32)
    for number, image in enumerate(images):
        for band, detail in enumerate(_details(toneless(image), bands)):
            energy = cv2.resize(detail * detail, (cells, cells), interpolation=cv2.INTER_AREA)
            out[number, :, :, band] = np.log(np.sqrt(energy) + LEAST_ENERGY)
    return out


def toneless(image: Numbers) -> Numbers:
    """Return a picture (S, S) with mean 0 and deviation 1 in its middle."""
    frame = round(FRAME * len(image))
    middle = image[frame : len(image) - frame, frame : len(image) - frame]
    return np.asarray((image - middle.mean()) / max(float(middle.std()), LEAST_DEVIATION), np.float32)


def _details(image: Numbers, bands: int) -> list[Numbers]:
    """Return the bands of a picture, from fine to coarse; each but the first has half the side of the one before."""
    details, smooth = [], _smoothed(image, FIRST)
    for band in range(bands):
        if band:
            half = len(smooth) // 2
            smooth = np.asarray(cv2.resize(smooth, (half, half), interpolation=cv2.INTER_AREA), np.float32)
        smoother = _smoothed(smooth, OCTAVE)
        details.append(smooth - smoother)
        smooth = smoother
    return details


def _smoothed(image: Numbers, deviation: float) -> Numbers:
    blurred = cv2.GaussianBlur(image, (0, 0), deviation, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32)
